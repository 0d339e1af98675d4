// libzmgr: manages illumos zones from flat KDL files.
//
// Generated from bindings/c by `make header`; a test fails when it is stale. The conventions (ownership, errors, threads,
// options structs) are told in bindings/README.md; in short:
//   - A call that can fail returns zmgr_status, and takes `zmgr_error **error` last: NULL, or a place for a new error object
//     that is the caller's (zmgr_error_free). What `*error` held before is ignored.
//   - Outputs are set to NULL at entry and filled on success. Each object has its _free (or _close); NULL may be freed.
//   - `const char *` results belong to the object that they were asked of; `char *` results are the caller's:
//     zmgr_string_free. Text is UTF-8.
//   - An options pointer may be NULL; else its first field is its own sizeof, and 0 in any other field is the default.
//   - A zmgr_manager, a zmgr_sim and a zmgr_cancel may be used by several threads at once. All else is an immutable snapshot:
//     any thread may read it, none may use it once it is freed.
//   - A process that is forked while another thread is in a call must not use these objects, and keeps none of zmgr's locks.
//   - Each function says which errors are its own. Any call may also end with ZMGR_INVALID_ARGUMENT (a NULL where there must be
//     something, text that is not UTF-8, a name that can be none), ZMGR_IO, ZMGR_PERMISSION_DENIED and ZMGR_INTERNAL; one that
//     reads documents with ZMGR_CONFIG; one that asks the host with ZMGR_UNSUPPORTED_HOST, ZMGR_COMMAND_FAILED and ZMGR_TIMED_OUT;
//     one that takes zmgr_run_options with ZMGR_CANCELLED, and with ZMGR_BUSY where somebody else has the lock for too long.


#ifndef ZMGR_H
#define ZMGR_H



#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ZMGR_VERSION_MAJOR 0
#define ZMGR_VERSION_MINOR 1
#define ZMGR_VERSION_PATCH 0
// (major << 16) | (minor << 8) | patch; zmgr_version_number() gives that of the library in use.
#define ZMGR_VERSION_NUMBER ((ZMGR_VERSION_MAJOR << 16) | (ZMGR_VERSION_MINOR << 8) | ZMGR_VERSION_PATCH)


// How a call ended. New numbers may be added, so a `switch` needs a `default:`; none is ever changed or used again.
enum zmgr_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It did what was asked.
    ZMGR_OK = 0,
    // A fault of zmgr itself, never of its input.
    ZMGR_INTERNAL = 1,
    // An argument that can never be right, whatever the files and the host say.
    ZMGR_INVALID_ARGUMENT = 2,
    // A document below the root has a fault; the error's details point at it.
    ZMGR_CONFIG = 3,
    // Something named does not exist.
    ZMGR_NOT_FOUND = 4,
    // Something of that name exists already.
    ZMGR_EXISTS = 5,
    // The thing is not in a state that allows this.
    ZMGR_WRONG_STATE = 6,
    // No address of the pool is free.
    ZMGR_POOL_EXHAUSTED = 7,
    // The address asked for is held by somebody else.
    ZMGR_ADDRESS_IN_USE = 8,
    // Somebody else works on it; the same call may go through later.
    ZMGR_BUSY = 9,
    // The caller may not do this.
    ZMGR_PERMISSION_DENIED = 10,
    // A command of the host failed; see zmgr_error_command_arg and its kin.
    ZMGR_COMMAND_FAILED = 11,
    // A command or a wait took longer than its limit.
    ZMGR_TIMED_OUT = 12,
    // The caller asked to stop.
    ZMGR_CANCELLED = 13,
    // The host cannot do what is asked.
    ZMGR_UNSUPPORTED_HOST = 14,
    // A file could not be read or written.
    ZMGR_IO = 15,
    // Work was left unfinished, and a person or zmgr_recover has to go first.
    ZMGR_RECOVERY_NEEDED = 16,
    // Some of several things were done and others not; the error's details tell which.
    ZMGR_PARTIAL = 17,
    // What the plan rests on has changed since it was made. Nothing was done.
    ZMGR_STALE_PLAN = 18,
    // The host differs from the files. Exit status of `zmgr diff` only: no call returns it.
    ZMGR_DRIFT = 19,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_status zmgr_status;
#else
typedef uint32_t zmgr_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// How much a finding weighs.
enum zmgr_severity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // It stops what needs the document.
    ZMGR_SEVERITY_ERROR = 0,
    // It is worth a look and stops nothing.
    ZMGR_SEVERITY_WARNING = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_severity zmgr_severity;
#else
typedef uint32_t zmgr_severity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What happened. Values may be added.
enum zmgr_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A kind that this version of the library has no number for.
    ZMGR_EVENT_OTHER = 0,
    // Work on the zone begins.
    ZMGR_EVENT_STARTED = 1,
    // A step begins.
    ZMGR_EVENT_STEP_STARTED = 2,
    // A command runs; the message is its words.
    ZMGR_EVENT_COMMAND = 3,
    // A command still runs; the message is the last line that it printed.
    ZMGR_EVENT_RUNNING = 4,
    // A step is done.
    ZMGR_EVENT_STEP_DONE = 5,
    // A step failed; the message says why.
    ZMGR_EVENT_STEP_FAILED = 6,
    // A step is being undone.
    ZMGR_EVENT_UNDOING = 7,
    // Something that a person should know and that stops nothing.
    ZMGR_EVENT_WARNING = 8,
    // The output of a long command goes to the file that the message names.
    ZMGR_EVENT_LOG = 9,
    // Work on the zone has ended, well or not.
    ZMGR_EVENT_FINISHED = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_event_kind zmgr_event_kind;
#else
typedef uint32_t zmgr_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What a value is. Values may be added.
enum zmgr_value_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Nothing: what is not set, and what was asked of NULL.
    ZMGR_VALUE_NULL = 0,
    // See zmgr_value_bool.
    ZMGR_VALUE_BOOL = 1,
    // See zmgr_value_integer.
    ZMGR_VALUE_INTEGER = 2,
    // See zmgr_value_text.
    ZMGR_VALUE_TEXT = 3,
    // See zmgr_value_len and zmgr_value_at.
    ZMGR_VALUE_LIST = 4,
    // See zmgr_value_get; zmgr_value_len, zmgr_value_key and zmgr_value_at walk through it.
    ZMGR_VALUE_MAP = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_value_kind zmgr_value_kind;
#else
typedef uint32_t zmgr_value_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Whether a query asks the host for each zone's status.
enum zmgr_live
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Ask; where the host does not answer, leave each status empty.
    ZMGR_LIVE_AUTO = 0,
    // Read the files only.
    ZMGR_LIVE_NEVER = 1,
    // Ask, and fail where the host does not answer.
    ZMGR_LIVE_REQUIRED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_live zmgr_live;
#else
typedef uint32_t zmgr_live;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What to do with the steps done when a later one fails.
enum zmgr_on_failure
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // As config.kdl says.
    ZMGR_ON_FAILURE_CONFIGURED = 0,
    // Undo them.
    ZMGR_ON_FAILURE_ROLL_BACK = 1,
    // Keep them, and the entry as failed.
    ZMGR_ON_FAILURE_KEEP = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_on_failure zmgr_on_failure;
#else
typedef uint32_t zmgr_on_failure;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// When the caller of a command dies.
enum zmgr_sim_abort
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Not at all.
    ZMGR_SIM_ABORT_NEVER = 0,
    // Before the command has done anything.
    ZMGR_SIM_ABORT_BEFORE = 1,
    // When it has done all, and the caller does not know yet.
    ZMGR_SIM_ABORT_AFTER = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_sim_abort zmgr_sim_abort;
#else
typedef uint32_t zmgr_sim_abort;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Which stream a command wrote to.
enum zmgr_stream
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Standard output.
    ZMGR_STREAM_STDOUT = 1,
    // Standard error.
    ZMGR_STREAM_STDERR = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_stream zmgr_stream;
#else
typedef uint32_t zmgr_stream;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What an owner holds of a pool, IPv4 first. A snapshot: immutable, any thread may read it; it outlives the manager, until
// zmgr_address_list_free.
typedef struct zmgr_address_list zmgr_address_list;

// Asks a running call to stop. Any thread may use it, also while a call that was given it runs. Free it with
// zmgr_cancel_free when no call uses it.
typedef struct zmgr_cancel zmgr_cancel;

// One finding with its place. It belongs to the object that it was asked of, and any thread may read it as long as that lives.
typedef struct zmgr_diagnostic zmgr_diagnostic;

// Findings, in the order of files and lines. A snapshot: immutable, any thread may read it; it outlives the manager, until
// zmgr_diagnostic_list_free.
typedef struct zmgr_diagnostic_list zmgr_diagnostic_list;

// Why a call failed. Immutable: any thread may read it. The one that a call gave is freed with zmgr_error_free; one of a report
// belongs to the report.
typedef struct zmgr_error zmgr_error;

// One thing that happened. Lives for one call of the callback, and is read on its thread.
typedef struct zmgr_event zmgr_event;

// The zones of one host and the files that describe them. Any number of threads may use one manager at once, until zmgr_close.
typedef struct zmgr_manager zmgr_manager;

// One net of a zone. It belongs to the zone, and any thread may read it as long as that lives.
typedef struct zmgr_net zmgr_net;

// What an operation would do to one zone or many. A plan is only a description: making one touches nothing, and needs no more
// rights than reading. Immutable: any thread may read it, until zmgr_plan_free. It does not need the manager that made it.
typedef struct zmgr_plan zmgr_plan;

// What became of each zone, in the order of the request. A snapshot: immutable, any thread may read it; it outlives the manager,
// until zmgr_report_free.
typedef struct zmgr_report zmgr_report;

// A simulated illumos host in a directory. It survives the process; several processes and threads may use it at once, and several
// threads this handle, until zmgr_sim_close. A zmgr_manager opens the same machine by its directory.
typedef struct zmgr_sim zmgr_sim;

// A document, a wish or a report: a tree of maps, lists and plain values with the keys of `zmgr --json`. What
// zmgr_value_get and zmgr_value_at give belongs to the value that was given out; only that one is freed, with zmgr_value_free.
// Immutable: any thread may read it.
typedef struct zmgr_value zmgr_value;

// A zone: its registry entry joined with its template's defaults and the host's word. A snapshot: immutable, any thread may read
// it, later changes do not touch it. One that a call gave through `out` is freed with zmgr_zone_free; one of a list or a report
// belongs to that.
typedef struct zmgr_zone zmgr_zone;

// Zones, in the order of their names. A snapshot: immutable, any thread may read it; it outlives the manager, until
// zmgr_zone_list_free.
typedef struct zmgr_zone_list zmgr_zone_list;

// Hears of each event: on the thread that made the call, one at a time, also where several zones are worked on at once;
// never after the call has returned. `event` lives for this one call. Returns false to ask to stop; a step that is refused
// when it is about to begin is not done. It must not throw, not longjmp, and not close the manager.
typedef bool (*zmgr_progress_fn)(void *userdata, const zmgr_event *event);

// How an operation runs.
typedef struct {
    // sizeof(zmgr_run_options)
    size_t size;
    // Hears each event; NULL: nobody.
    zmgr_progress_fn progress;
    // Handed to `progress` as it is.
    void *userdata;
    // A token that may ask to stop; NULL: none.
    const zmgr_cancel *cancel;
    // How many zones are worked on at once; 0 means 1.
    uint32_t jobs;
    // One of zmgr_on_failure.
    uint32_t on_failure;
} zmgr_run_options;

// What a new zone shall be, where it differs from its template.
typedef struct {
    // sizeof(zmgr_create_options)
    size_t size;
    // The template; NULL: default-template of config.kdl.
    const char *template_name;
    // Addresses wanted: texts such as "internal=10.1.0.10", without prefix length; NULL: none.
    const char *const *addresses;
    // How many addresses.
    size_t address_count;
    // Attributes: texts such as "owner=alice"; NULL: none.
    const char *const *attrs;
    // How many attributes.
    size_t attr_count;
    // The zone to clone in place of installing; NULL: none.
    const char *clone_from;
    // 0: as the template says; 1: boot; 2: leave it installed.
    uint32_t boot;
} zmgr_create_options;

// How far to go in destroying a zone.
typedef struct {
    // sizeof(zmgr_destroy_options)
    size_t size;
    // Also a protected zone, one that others were cloned from, one with snapshots of others.
    bool force;
    // Detach it and leave its files, in place of uninstalling it.
    bool keep_data;
} zmgr_destroy_options;

// How to install a zone again.
typedef struct {
    // sizeof(zmgr_reinstall_options)
    size_t size;
    // 0: as it ran before or not; 1: boot; 2: leave it installed.
    uint32_t boot;
    // Also a protected zone, one that others were cloned from, one with snapshots of others.
    bool force;
} zmgr_reinstall_options;

// How to stop a zone.
typedef struct {
    // sizeof(zmgr_halt_options)
    size_t size;
    // How long to wait for the state, in milliseconds; 0: as config.kdl says.
    uint64_t timeout_ms;
    // zmgr_zone_shutdown: fall back to halt. zmgr_zone_reboot: at once.
    bool force;
} zmgr_halt_options;

// Options for zmgr_zones_import() and zmgr_plan_import().
typedef struct {
    // sizeof(zmgr_import_options)
    size_t size;
    // Template of the entries; NULL: the one of the zone's brand that fits best, or none.
    const char *template_name;
    // Make VNICs that zmgr could have created its own: destroying the zone deletes them.
    bool adopt_links;
    // Adopt without a template. Excludes template_name.
    bool no_template;
} zmgr_import_options;

// How far to go in bringing the host to the files.
typedef struct {
    // sizeof(zmgr_apply_options)
    size_t size;
    // Also take away what somebody else put there beside what the files say.
    bool prune;
    // Reboot running zones where something takes effect only then.
    bool reboot;
    // Build zones again that are ready and that the host does not have.
    bool recreate;
} zmgr_apply_options;

// What to do about unfinished work.
typedef struct {
    // sizeof(zmgr_recover_options)
    size_t size;
    // Go on with what was begun, also where less would be lost by taking it back.
    bool resume;
    // Take back what was begun, also an installed zone.
    bool roll_back;
    // Wait for commands that a killed zmgr left at work.
    bool wait;
} zmgr_recover_options;

// Which tree and which host.
typedef struct {
    // sizeof(zmgr_open_options)
    size_t size;
    // The tree of documents; NULL: etc/zmgr of the host.
    const char *root;
    // The directory of a simulated machine, made when absent; NULL: none.
    const char *simulate_dir;
    // Real programs and files below this directory; NULL: those of this host.
    const char *host_root;
    // What to call this program to others that wait for its locks; NULL: its name.
    const char *command;
} zmgr_open_options;

// Hears what a command in a zone writes, as it comes, on the thread that made the call; `stream` is one of zmgr_stream. Returns
// false to ask to stop it. It must not throw, not longjmp, and not close the manager.
typedef bool (*zmgr_output_fn)(void *userdata, uint32_t stream, const uint8_t *bytes, size_t length);

// How a command runs in a zone.
typedef struct {
    // sizeof(zmgr_exec_options)
    size_t size;
    // Hears what it writes; NULL: nobody.
    zmgr_output_fn output;
    // Handed to `output` as it is.
    void *userdata;
    // A token that may ask to stop it; NULL: none.
    const zmgr_cancel *cancel;
    // How long it may take, in milliseconds; 0: as long as it likes.
    uint64_t timeout_ms;
    // Whether it reads the caller's own standard input; without it, it reads nothing.
    bool read_stdin;
} zmgr_exec_options;

// What shall go wrong, and with which commands.
typedef struct {
    // sizeof(zmgr_sim_fault_options)
    size_t size;
    // The program: "zoneadm", "dladm", …
    const char *program;
    // Only this subcommand: "install", "create-vnic", …; NULL: all.
    const char *subcommand;
    // Only commands on this zone; NULL: all.
    const char *zone;
    // Written to standard error; NULL: nothing.
    const char *stderr_text;
    // Written to standard output; NULL: nothing.
    const char *stdout_text;
    // How long the command takes, in milliseconds, the zone in its middle state meanwhile.
    uint64_t delay_ms;
    // The command fails with this status, after the change of state with which the real one would have begun; 0: it does not.
    int32_t exit_status;
    // One of zmgr_sim_abort.
    uint32_t abort;
    // How many times; 0: always.
    uint32_t times;
    // The command panics in the caller's thread.
    bool panic;
} zmgr_sim_fault_options;

// Which zones.
typedef struct {
    // sizeof(zmgr_query)
    size_t size;
    // Only zones with this tag; NULL: all.
    const char *tag;
    // Only these zones; NULL: all.
    const char *const *names;
    // How many names.
    size_t name_count;
    // One of zmgr_live.
    uint32_t live;
    // Also zones that the host has and the registry does not.
    bool unregistered;
} zmgr_query;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Gives `owner` one address of each family of the pool, or the one that is `wanted` (NULL: the next free one). It is held, on
// disk, when the call returns. Asked again for the same owner, it gives the same. Of `run` only `cancel` counts. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND (the pool); ZMGR_EXISTS where the owner has another than the one wanted, or is a zone; ZMGR_POOL_EXHAUSTED;
// ZMGR_ADDRESS_IN_USE; ZMGR_INVALID_ARGUMENT for one that the pool never gives; ZMGR_CONFIG for a fault of a document that matters;
// ZMGR_BUSY and ZMGR_CANCELLED while somebody else changes the registry.
//
// Requires: `manager` is a live manager; texts end in a NUL; `wanted` may be NULL; `run` is NULL or of the size that it states; `out` and
// `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_address_allocate(const zmgr_manager *manager,
                                  const char *pool,
                                  const char *owner,
                                  const char *wanted,
                                  const zmgr_run_options *run,
                                  zmgr_address_list **out,
                                  zmgr_error **error);

// The same for many owners at once, all or none, at little more than the cost of one. `*out` (which may be NULL) gets a list of
// maps with the keys of `zmgr pool allocate --json`, in the order of the owners.
// Errors: as for zmgr_address_allocate.
//
// Requires: As for zmgr_address_allocate; `owners` points to `count` texts.
zmgr_status zmgr_addresses_allocate(const zmgr_manager *manager,
                                    const char *pool,
                                    const char *const *owners,
                                    size_t count,
                                    const zmgr_run_options *run,
                                    zmgr_value **out,
                                    zmgr_error **error);

// Takes back what `owner` holds of the pool, or only this `address` (NULL: all of it); with `id` (may be NULL) only from that very
// reservation, not from a later one of the same name. Of `run` only `cancel` counts.
// Errors: ZMGR_NOT_FOUND where the owner does not hold it; ZMGR_BUSY and ZMGR_CANCELLED while somebody else changes the registry.
//
// Requires: `manager` is a live manager; texts end in a NUL; `run` is NULL or of the size that it states; `error` is NULL or points to a
// place for a pointer.
zmgr_status zmgr_address_release(const zmgr_manager *manager,
                                 const char *pool,
                                 const char *owner,
                                 const char *address,
                                 const char *id,
                                 const zmgr_run_options *run,
                                 zmgr_error **error);

// How full a pool is and who holds its addresses: a map with the keys of `zmgr pool show --json`. For `pool` NULL a list of
// all pools, by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where a pool has a fault.
//
// Requires: `manager` is a live manager; `pool` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does
// so too.
zmgr_status zmgr_pool_usage(const zmgr_manager *manager,
                            const char *pool,
                            zmgr_value **out,
                            zmgr_error **error);

// What is not as it should be with the addresses of a pool, or of all (`pool` NULL): held twice, held against the pool's rules, of
// no pool. Looks at the host anew. Findings are no failure of the call.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where a pool has a fault; ZMGR_UNSUPPORTED_HOST.
//
// Requires: As for zmgr_pool_usage.
zmgr_status zmgr_pool_check(const zmgr_manager *manager,
                            const char *pool,
                            zmgr_diagnostic_list **out,
                            zmgr_error **error);

// How many addresses.
//
// Requires: `list` is NULL or a live list; so for all that follow.
size_t zmgr_address_list_len(const zmgr_address_list *list);

// Address number `index` with its prefix length, such as "10.1.0.10/24"; NULL past the last.
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_get(const zmgr_address_list *list, size_t index);

// The gateway of address number `index`; NULL where it has none, and past the last.
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_gateway(const zmgr_address_list *list, size_t index);

// What tells this reservation from earlier and later ones of the same name; see zmgr_address_release.
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_id(const zmgr_address_list *list);

// Frees a list. NULL is fine.
//
// Requires: `list` is NULL or a list of the caller's, used no more.
void zmgr_address_list_free(zmgr_address_list *list);

// Creates several zones, `run->jobs` at once. `*out` (which may be NULL) gets the report whenever the work began, also where
// some or all of it failed.
// Errors: for one name that of zmgr_zone_create; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; options are NULL or of the size that they state; `out` and
// `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_zones_create(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_create_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Destroys several zones, `run->jobs` at once. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_destroy; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_destroy(const zmgr_manager *manager,
                               const char *const *names,
                               size_t count,
                               const zmgr_destroy_options *options,
                               const zmgr_run_options *run,
                               zmgr_report **out,
                               zmgr_error **error);

// Installs several zones again, `run->jobs` at once. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_reinstall; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_reinstall(const zmgr_manager *manager,
                                 const char *const *names,
                                 size_t count,
                                 const zmgr_reinstall_options *options,
                                 const zmgr_run_options *run,
                                 zmgr_report **out,
                                 zmgr_error **error);

// Boots several zones, `run->jobs` at once, and waits until they run. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_boot; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_boot(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_run_options *run,
                            zmgr_report **out,
                            zmgr_error **error);

// Halts several zones, `run->jobs` at once. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_halt; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_halt(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_halt_options *options,
                            const zmgr_run_options *run,
                            zmgr_report **out,
                            zmgr_error **error);

// Shuts several zones down, `run->jobs` at once. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_shutdown; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_shutdown(const zmgr_manager *manager,
                                const char *const *names,
                                size_t count,
                                const zmgr_halt_options *options,
                                const zmgr_run_options *run,
                                zmgr_report **out,
                                zmgr_error **error);

// Reboots several zones, `run->jobs` at once. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_reboot; for several ZMGR_PARTIAL where any failed, ZMGR_CANCELLED where all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_reboot(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_halt_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Adopts zones that the host has, as they are; the host is only looked at. For `count` 0 every zone of the host: the report has
// "adopted" ones and "skipped" ones, with the reason in their notes. The report as in zmgr_zones_create.
// Errors: ZMGR_NOT_FOUND for a name that the host does not have; ZMGR_EXISTS for one that is registered; ZMGR_PARTIAL where
// there were several and any failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_import(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_import_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Removes the entries of several zones from the registry, and nothing else. The report as in zmgr_zones_create.
// Errors: for one name that of zmgr_zone_forget; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_forget(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Brings the host to the files of these zones (for `count` 0: of all): builds wishes, changes what differs, leaves what somebody
// else put there. The report as in zmgr_zones_create; its actions are "created", "applied", "recreated" and "unchanged".
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that cannot be read; ZMGR_RECOVERY_NEEDED for unfinished work; those of
// zmgr_zone_create for wishes; ZMGR_PARTIAL where there were several and any failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_apply(const zmgr_manager *manager,
                       const char *const *names,
                       size_t count,
                       const zmgr_apply_options *options,
                       const zmgr_run_options *run,
                       zmgr_report **out,
                       zmgr_error **error);

// Ends what a killed or failed zmgr left unfinished, for these zones or, where `count` is 0, for all: finished, or taken back as
// if it had never begun, whichever loses least. The report as in zmgr_zones_create.
// Errors: ZMGR_NOT_FOUND; ZMGR_BUSY for a zone that somebody works on; ZMGR_RECOVERY_NEEDED where only a person can say which way
// it should go; ZMGR_PARTIAL where there were several and any failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_recover(const zmgr_manager *manager,
                         const char *const *names,
                         size_t count,
                         const zmgr_recover_options *options,
                         const zmgr_run_options *run,
                         zmgr_report **out,
                         zmgr_error **error);

// A token nobody has used.
zmgr_cancel *zmgr_cancel_new(void);

// Asks the calls that were given the token to stop: they undo what they did and return ZMGR_CANCELLED. A second request
// stops the undoing too, and leaves what zmgr_recover can finish. Takes no lock and no memory, so that a signal handler may
// call it.
//
// Requires: `cancel` is NULL or a live token.
void zmgr_cancel_request(const zmgr_cancel *cancel);

// Whether somebody has asked.
//
// Requires: `cancel` is NULL or a live token.
bool zmgr_cancel_is_requested(const zmgr_cancel *cancel);

// Frees a token. NULL is fine.
//
// Requires: `cancel` is NULL or a token of the caller's that no call uses any more.
void zmgr_cancel_free(zmgr_cancel *cancel);

// Writes the first tree: a small one that works, with comments that teach the format. What is there already stays as it is.
// `*out` (which may be NULL) gets the list of the files that were written.
// Errors: those that any call has.
//
// Requires: `manager` is a live manager; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_init(const zmgr_manager *manager,
                      zmgr_value **out,
                      zmgr_error **error);

// What holds for the whole tree: a map, times in seconds.
// Errors: ZMGR_CONFIG where config.kdl has a fault.
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_config(const zmgr_manager *manager, zmgr_value **out, zmgr_error **error);

// The template of this name as a map; for `name` NULL a list of all, by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
//
// Requires: `manager` is a live manager; `name` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so
// too.
zmgr_status zmgr_templates(const zmgr_manager *manager,
                           const char *name,
                           zmgr_value **out,
                           zmgr_error **error);

// The pool of this name as a map; for `name` NULL a list of all, by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
//
// Requires: As for zmgr_templates.
zmgr_status zmgr_pools(const zmgr_manager *manager, const char *name, zmgr_value **out, zmgr_error **error);

// The publisher of this name as a map; for `name` NULL a list of all, by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where it, or for all one of them, has a fault.
//
// Requires: As for zmgr_templates.
zmgr_status zmgr_publishers(const zmgr_manager *manager, const char *name, zmgr_value **out, zmgr_error **error);

// The wish for a zone after all layers; each value that comes from a document is a map of "value" and "source", its file and
// line.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG where the zone's file, or one that it builds on, has a fault.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_zone_spec(const zmgr_manager *manager,
                           const char *name,
                           zmgr_value **out,
                           zmgr_error **error);

// Every finding of every document, alone and together; where a host answers, also what they count on and it does not have.
// Findings are no failure of the call.
// Errors: those that any call has.
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_check(const zmgr_manager *manager,
                       zmgr_diagnostic_list **out,
                       zmgr_error **error);

// How many findings.
//
// Requires: `list` is NULL or a live list.
size_t zmgr_diagnostic_list_len(const zmgr_diagnostic_list *list);

// Finding number `index`; NULL past the last. It belongs to the list.
//
// Requires: `list` is NULL or a live list.
const zmgr_diagnostic *zmgr_diagnostic_list_get(const zmgr_diagnostic_list *list, size_t index);

// Frees a list and its findings. NULL is fine.
//
// Requires: `list` is NULL or a list of the caller's, used no more.
void zmgr_diagnostic_list_free(zmgr_diagnostic_list *list);

// In what these zones (for `count` 0: all) differ from their files: a list of maps with the keys of `zmgr diff --json`. Only looks;
// a zone whose files are at fault is in the list with its fault.
// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
// so too.
zmgr_status zmgr_diff(const zmgr_manager *manager,
                      const char *const *names,
                      size_t count,
                      zmgr_value **out,
                      zmgr_error **error);

// Sets keys of a zone's own file: texts such as "attr.owner=alice" or "capped-memory.physical=2G"; an empty value takes the zone's
// own away. Only the file is changed: zmgr_apply brings it to the host. Of `run` only `cancel` counts. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_INVALID_ARGUMENT for a key or a value that cannot be, and then nothing is changed; ZMGR_CONFIG where
// the file cannot be read; ZMGR_BUSY and ZMGR_CANCELLED while somebody else works on the zone.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `pairs` points to `count` texts; `run` is NULL or of the size that it states;
// `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_zone_set(const zmgr_manager *manager,
                          const char *name,
                          const char *const *pairs,
                          size_t count,
                          const zmgr_run_options *run,
                          zmgr_zone **out,
                          zmgr_error **error);

// The stable word for a status, such as "not-found"; "ok" for ZMGR_OK; NULL for a number that this library does not know.
// The text is never freed.
const char *zmgr_status_name(uint32_t status);

// The status that the failed call returned; ZMGR_OK for NULL.
//
// Requires: `error` is NULL or a live error.
zmgr_status zmgr_error_code(const zmgr_error *error);

// The status as a stable word, such as "not-found".
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_name(const zmgr_error *error);

// What went wrong, in a sentence without final stop, colour or line break.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_message(const zmgr_error *error);

// What to do next; NULL where there is nothing to say.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_help(const zmgr_error *error);

// Whether the same call may succeed later without anything being mended.
//
// Requires: `error` is NULL or a live error.
bool zmgr_error_can_retry(const zmgr_error *error);

// How many findings the error has.
//
// Requires: `error` is NULL or a live error.
size_t zmgr_error_detail_count(const zmgr_error *error);

// Finding number `index`; NULL past the last. It belongs to the error.
//
// Requires: `error` is NULL or a live error.
const zmgr_diagnostic *zmgr_error_detail(const zmgr_error *error, size_t index);

// Word number `index` of the command of the host that failed, the program first; NULL past the last, and where the failure
// was not that of a command.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_arg(const zmgr_error *error,
                                   size_t index);

// The exit status of the command that failed; -1 where a signal ended it, and where there was no command.
//
// Requires: `error` is NULL or a live error.
int32_t zmgr_error_command_status(const zmgr_error *error);

// The last lines that the command printed on its standard output; NULL where there was no command.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_stdout(const zmgr_error *error);

// The last lines that the command printed on its standard error; NULL where there was no command.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_stderr(const zmgr_error *error);

// The file that holds all that the command printed; NULL where there is none.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_log(const zmgr_error *error);

// The whole error as JSON, as `zmgr --json` prints it. The text is the caller's: zmgr_string_free.
//
// Requires: `error` is NULL or a live error.
char *zmgr_error_json(const zmgr_error *error);

// Frees an error. NULL is fine.
//
// Requires: `error` is NULL or an error of the caller's, used no more.
void zmgr_error_free(zmgr_error *error);

// How much the finding weighs.
//
// Requires: `finding` is NULL or a live finding.
zmgr_severity zmgr_diagnostic_severity(const zmgr_diagnostic *finding);

// A stable word for this kind of finding, such as "unknown-node".
//
// Requires: `finding` is NULL or a live finding.
const char *zmgr_diagnostic_code(const zmgr_diagnostic *finding);

// What is wrong, in a sentence.
//
// Requires: `finding` is NULL or a live finding.
const char *zmgr_diagnostic_message(const zmgr_diagnostic *finding);

// What to do about it; NULL where there is nothing to say.
//
// Requires: `finding` is NULL or a live finding.
const char *zmgr_diagnostic_help(const zmgr_diagnostic *finding);

// The file; NULL where the finding is about none.
//
// Requires: `finding` is NULL or a live finding.
const char *zmgr_diagnostic_path(const zmgr_diagnostic *finding);

// The line, from 1; 0 where it is not known.
//
// Requires: `finding` is NULL or a live finding.
uint64_t zmgr_diagnostic_line(const zmgr_diagnostic *finding);

// The column in characters, from 1; 0 where it is not known.
//
// Requires: `finding` is NULL or a live finding.
uint64_t zmgr_diagnostic_column(const zmgr_diagnostic *finding);

// The line of the file as it stands; NULL where the finding has no place.
//
// Requires: `finding` is NULL or a live finding.
const char *zmgr_diagnostic_snippet(const zmgr_diagnostic *finding);

// What happened.
//
// Requires: `event` is NULL or the event of the running callback; so for all that follow.
zmgr_event_kind zmgr_event_get_kind(const zmgr_event *event);

// The zone it is about.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_zone(const zmgr_event *event);

// The step's id within the plan, such as "install"; empty for events of the zone as a whole.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_step(const zmgr_event *event);

// Which step it is, from 1; 0 for events of the zone as a whole.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_position(const zmgr_event *event);

// How many steps there are.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_steps(const zmgr_event *event);

// The words that go with it; NULL where there are none.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_message(const zmgr_event *event);

// How long the step or command has taken, in milliseconds.
//
// Requires: See zmgr_event_get_kind.
uint64_t zmgr_event_elapsed_ms(const zmgr_event *event);

// False for a step that failed and for a zone that did not come to what was asked.
//
// Requires: See zmgr_event_get_kind.
bool zmgr_event_ok(const zmgr_event *event);

// Frees text that a function of this library gave as `char *`. NULL is fine. Never use free() for it.
//
// Requires: `text` is NULL or came from this library as `char *`, and is used no more.
void zmgr_string_free(char *text);

// Compares `count` trees (directories such as "h1/etc/zmgr"), one per host. Reads files only; needs no manager and no host.
// `out` receives a diagnostic for each address or MAC address that is held twice, each pool that differs between hosts and each file that
// cannot be read (errors), and for each zone name that two hosts use (warnings). Findings are not a failure of the call.
// Errors: ZMGR_INVALID_ARGUMENT if `count` is 0; ZMGR_NOT_FOUND if a tree does not exist; ZMGR_IO.
//
// Requires: `trees` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_fleet_check(const char *const *trees,
                             size_t count,
                             zmgr_diagnostic_list **out,
                             zmgr_error **error);

// Lists the zones of `count` trees, one tree per host: a list of maps with the keys "host", "name", "id", "template", "addresses", "macs"
// and "file", by host in the order of the trees, then by name.
// Errors: as for zmgr_fleet_check.
//
// Requires: As for zmgr_fleet_check.
zmgr_status zmgr_fleet_list(const char *const *trees,
                            size_t count,
                            zmgr_value **out,
                            zmgr_error **error);

// Opens a manager: `options` NULL is this host with the tree /etc/zmgr. Nothing is read yet.
// Errors: ZMGR_INVALID_ARGUMENT for options that exclude each other.
//
// Requires: `options` is NULL or points to options of the size that they state; `out` to a place for a pointer; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_open(const zmgr_open_options *options,
                      zmgr_manager **out,
                      zmgr_error **error);

// The same manager once more, whose questions (zmgr_zones, zmgr_zone_find, zmgr_check, zmgr_diff, plans, pools) end with
// ZMGR_CANCELLED once somebody has used the token, also while the host does not answer. Operations heed the token of their own
// run options alone. Close it as any other; the token may be freed before.
// Errors: ZMGR_INVALID_ARGUMENT where one of them is NULL.
//
// Requires: `manager` is a live manager, `cancel` a live token; `out` points to a place for a pointer; `error` is NULL or points to a
// place for a pointer.
zmgr_status zmgr_stopped_by(const zmgr_manager *manager,
                            const zmgr_cancel *cancel,
                            zmgr_manager **out,
                            zmgr_error **error);

// Closes a manager: from here on no thread may use it. Objects that it gave live on. NULL is fine.
//
// Requires: `manager` is NULL or a manager that no call uses any more.
void zmgr_close(zmgr_manager *manager);

// The version of the library in use, such as "0.1.0". The text is never freed.
const char *zmgr_version(void);

// The version of the library in use as ZMGR_VERSION_NUMBER of its header.
uint32_t zmgr_version_number(void);

// What it would take to create these zones.
// Errors: those of zmgr_zone_create that can be foreseen: ZMGR_EXISTS, ZMGR_NOT_FOUND (a template, the zone to clone), ZMGR_CONFIG,
// ZMGR_POOL_EXHAUSTED, ZMGR_ADDRESS_IN_USE, ZMGR_UNSUPPORTED_HOST.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; `options` is NULL or of the size that it states; `out` points
// to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_plan_create(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_create_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// What it would take to destroy these zones.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for what needs `force`; ZMGR_RECOVERY_NEEDED for unfinished work.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_destroy(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_destroy_options *options,
                              zmgr_plan **out,
                              zmgr_error **error);

// What it would take to install these zones again.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for what needs `force`; ZMGR_RECOVERY_NEEDED for unfinished work.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_reinstall(const zmgr_manager *manager,
                                const char *const *names,
                                size_t count,
                                const zmgr_reinstall_options *options,
                                zmgr_plan **out,
                                zmgr_error **error);

// What adopting these zones would do; for `count` 0 every zone of the host.
// Errors: ZMGR_NOT_FOUND (a zone that the host does not have, a template); ZMGR_EXISTS for one that is registered.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_import(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_import_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Plans the removal of these zones' entries from the registry. The notes of a change say what is lost with the entry.
// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_forget(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             zmgr_plan **out,
                             zmgr_error **error);

// What applying the files of these zones would do; for `count` 0 of all.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that cannot be read; ZMGR_RECOVERY_NEEDED for unfinished work.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_apply(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_apply_options *options,
                            zmgr_plan **out,
                            zmgr_error **error);

// Runs a plan, unless what it rests on has changed. `*out` (which may be NULL) gets the report whenever the plan was run, also
// where some or all of it failed.
// Errors: ZMGR_STALE_PLAN, and nothing is done; else those of the operation that was planned.
//
// Requires: `manager` is a live manager, `plan` a live plan; `run` is NULL or of the size that it states; `out` and `error` are NULL or
// point to a place for a pointer.
zmgr_status zmgr_plan_run(const zmgr_manager *manager,
                          const zmgr_plan *plan,
                          const zmgr_run_options *run,
                          zmgr_report **out,
                          zmgr_error **error);

// The plan as JSON. The text is the caller's: zmgr_string_free.
//
// Requires: `plan` is NULL or a live plan.
char *zmgr_plan_json(const zmgr_plan *plan);

// The commands and files as a person reads them. The text is the caller's: zmgr_string_free.
//
// Requires: `plan` is NULL or a live plan.
char *zmgr_plan_text(const zmgr_plan *plan);

// A plan from its JSON, also from that of another process or machine: what it asks for is checked when it runs.
// Errors: ZMGR_INVALID_ARGUMENT where it is none.
//
// Requires: `json` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_plan_from_json(const char *json, zmgr_plan **out, zmgr_error **error);

// SHA-256 of the plan as 64 hex digits: two plans of one digest are the same plan.
//
// Requires: `plan` is NULL or a live plan.
const char *zmgr_plan_digest(const zmgr_plan *plan);

// Whether there is nothing to do.
//
// Requires: `plan` is NULL or a live plan.
bool zmgr_plan_is_empty(const zmgr_plan *plan);

// Frees a plan. NULL is fine.
//
// Requires: `plan` is NULL or a plan of the caller's, used no more.
void zmgr_plan_free(zmgr_plan *plan);

// Boots a zone and waits until it runs. One that runs already is left as it is.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for one that is not installed; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT;
// ZMGR_RECOVERY_NEEDED for unfinished work.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `run` is NULL or of the size that it states; `error` is NULL or points to a
// place for a pointer. So for halt, shutdown and reboot.
zmgr_status zmgr_zone_boot(const zmgr_manager *manager,
                           const char *name,
                           const zmgr_run_options *run,
                           zmgr_error **error);

// Halts a zone at once, without its own scripts. One that is down already is left as it is.
// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_halt(const zmgr_manager *manager,
                           const char *name,
                           const zmgr_halt_options *options,
                           const zmgr_run_options *run,
                           zmgr_error **error);

// Asks a zone to shut down and waits until it is down. With `force`, one that does not is halted.
// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT where it does not go down in time.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_shutdown(const zmgr_manager *manager,
                               const char *name,
                               const zmgr_halt_options *options,
                               const zmgr_run_options *run,
                               zmgr_error **error);

// Asks a running zone to shut down and boots it again. With `force`, it is halted and booted at once.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for one that does not run; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_reboot(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_halt_options *options,
                             const zmgr_run_options *run,
                             zmgr_error **error);

// Runs a command inside a running zone as its root; `*status` gets its exit status. Each of the `count` words reaches the command
// as it is: no shell reads them. A status other than 0 is no failure of the call.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE where the zone does not run or goes down meanwhile; ZMGR_TIMED_OUT; ZMGR_CANCELLED;
// ZMGR_COMMAND_FAILED where it is not known how the command ended.
//
// Requires: `manager` is a live manager; texts end in a NUL; `words` points to `count` texts; `options` is NULL or of the size that it
// states; `status` points to a number; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_zone_exec(const zmgr_manager *manager,
                           const char *name,
                           const char *const *words,
                           size_t count,
                           const zmgr_exec_options *options,
                           int32_t *status,
                           zmgr_error **error);

// A login into a zone on the caller's own terminal, as `user` (NULL: root); `term` is the terminal's type (may be NULL). `*status`
// gets the exit status of the login.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE where the zone does not run.
//
// Requires: `manager` is a live manager; texts end in a NUL; `status` points to a number; `error` is NULL or points to a place for a
// pointer.
zmgr_status zmgr_zone_login(const zmgr_manager *manager,
                            const char *name,
                            const char *user,
                            const char *term,
                            int32_t *status,
                            zmgr_error **error);

// How many zones the report speaks of.
//
// Requires: `report` is NULL or a live report; so for all that follow.
size_t zmgr_report_len(const zmgr_report *report);

// The name of zone number `index`; NULL past the last.
//
// Requires: See zmgr_report_len.
const char *zmgr_report_name(const zmgr_report *report, size_t index);

// What was done to it, in a word: "created", "destroyed", "adopted", "skipped", …
//
// Requires: See zmgr_report_len.
const char *zmgr_report_action(const zmgr_report *report, size_t index);

// How it ended for this zone; ZMGR_INVALID_ARGUMENT past the last.
//
// Requires: See zmgr_report_len.
zmgr_status zmgr_report_status(const zmgr_report *report, size_t index);

// Why it failed; NULL where it did not. It belongs to the report.
//
// Requires: See zmgr_report_len.
const zmgr_error *zmgr_report_error(const zmgr_report *report, size_t index);

// The zone as it is now; NULL where it is no more, or failed. It belongs to the report.
//
// Requires: See zmgr_report_len.
const zmgr_zone *zmgr_report_zone(const zmgr_report *report, size_t index);

// Note number `note` on zone number `index`: what a person should know, and which stopped nothing; NULL past the last.
//
// Requires: See zmgr_report_len.
const char *zmgr_report_note(const zmgr_report *report, size_t index, size_t note);

// Frees a report, its zones and its errors. NULL is fine.
//
// Requires: `report` is NULL or a report of the caller's, used no more.
void zmgr_report_free(zmgr_report *report);

// Makes a new machine in `directory`, which is made when absent. `dialect` is "illumos", "openindiana", "omnios" or "smartos"; NULL
// is "openindiana". `out` may be NULL.
// Errors: ZMGR_EXISTS where the directory holds a machine already; ZMGR_INVALID_ARGUMENT for another dialect.
//
// Requires: Texts end in a NUL; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_sim_create(const char *directory,
                            const char *dialect,
                            zmgr_sim **out,
                            zmgr_error **error);

// The machine in `directory`.
// Errors: ZMGR_NOT_FOUND where it holds none.
//
// Requires: `directory` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_sim_open(const char *directory, zmgr_sim **out, zmgr_error **error);

// The machine's directory, absolute.
//
// Requires: `sim` is NULL or a live machine.
const char *zmgr_sim_directory(const zmgr_sim *sim);

// The line of illumos that it speaks: "illumos", "openindiana", "omnios" or "smartos".
//
// Requires: `sim` is NULL or a live machine.
const char *zmgr_sim_dialect(const zmgr_sim *sim);

// Writes programs named zonecfg, zoneadm, dladm, … that act on the machine into the folder `bin`, for other people's tools. They run
// `command` (`count` words, the first an absolute path), followed by the machine's directory, the program's name and its
// arguments: the words "/usr/bin/zmgr", "sim", "answer" do what they need.
// Errors: ZMGR_INVALID_ARGUMENT where there is no such command.
//
// Requires: `sim` is a live machine; texts end in a NUL; `command` points to `count` texts; `error` is NULL or points to a place for a
// pointer.
zmgr_status zmgr_sim_link(const zmgr_sim *sim,
                          const char *bin,
                          const char *const *command,
                          size_t count,
                          zmgr_error **error);

// Sets a fault, until it is cleared or has happened as often as it says. The one set last is asked first.
// Errors: ZMGR_INVALID_ARGUMENT for no program, and for what is no exit status.
//
// Requires: `sim` is a live machine; `fault` points to options of the size that they state; `error` is NULL or points to a place for a
// pointer.
zmgr_status zmgr_sim_fault(const zmgr_sim *sim,
                           const zmgr_sim_fault_options *fault,
                           zmgr_error **error);

// Forgets every fault.
// Errors: those that any call has.
//
// Requires: `sim` is a live machine; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_sim_clear_faults(const zmgr_sim *sim, zmgr_error **error);

// Reboots the machine: active zones end, and those with autoboot boot. `*out` (which may be NULL) gets a list of maps ("zone",
// "stderr") of those that should have booted and did not.
// Errors: those that any call has.
//
// Requires: `sim` is a live machine; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_sim_reboot(const zmgr_sim *sim,
                            zmgr_value **out,
                            zmgr_error **error);

// Lets go of the machine; it stays in its directory. NULL is fine.
//
// Requires: `sim` is NULL or a machine that no call uses any more.
void zmgr_sim_close(zmgr_sim *sim);

// What the value is; ZMGR_VALUE_NULL for NULL.
//
// Requires: `value` is NULL or a live value; so for all that follow.
zmgr_value_kind zmgr_value_get_kind(const zmgr_value *value);

// The truth of a ZMGR_VALUE_BOOL; false for all else.
//
// Requires: See zmgr_value_get_kind.
bool zmgr_value_bool(const zmgr_value *value);

// The number of a ZMGR_VALUE_INTEGER; 0 for all else. A number that int64_t cannot hold is a ZMGR_VALUE_TEXT of its digits.
//
// Requires: See zmgr_value_get_kind.
int64_t zmgr_value_integer(const zmgr_value *value);

// The text of a ZMGR_VALUE_TEXT; NULL for all else.
//
// Requires: See zmgr_value_get_kind.
const char *zmgr_value_text(const zmgr_value *value);

// How many members a list or a map has; 0 for all else.
//
// Requires: See zmgr_value_get_kind.
size_t zmgr_value_len(const zmgr_value *value);

// Member number `index` of a list or a map; NULL past the last.
//
// Requires: See zmgr_value_get_kind.
const zmgr_value *zmgr_value_at(const zmgr_value *value, size_t index);

// The key of member number `index` of a map; NULL past the last.
//
// Requires: See zmgr_value_get_kind.
const char *zmgr_value_key(const zmgr_value *value, size_t index);

// The member of a map with this key; NULL where it has none.
//
// Requires: See zmgr_value_get_kind; `key` is NULL or ends in a NUL.
const zmgr_value *zmgr_value_get(const zmgr_value *value, const char *key);

// The value as JSON. The text is the caller's: zmgr_string_free.
//
// Requires: See zmgr_value_get_kind.
char *zmgr_value_json(const zmgr_value *value);

// Frees a value that a call gave through `out`. NULL is fine.
//
// Requires: `value` is NULL or a value of the caller's, used no more, and not a member of another.
void zmgr_value_free(zmgr_value *value);

// The zones that `query` asks for; NULL asks for all that are registered. A zone whose file has a fault is among them, with the
// fault.
// Errors: ZMGR_NOT_FOUND for a name that is asked for and not registered; ZMGR_UNSUPPORTED_HOST and ZMGR_COMMAND_FAILED only for
// ZMGR_LIVE_REQUIRED.
//
// Requires: `manager` is a live manager; `query` NULL or options of the size that they state; `out` points to a place for a pointer;
// `error` is NULL or does so too.
zmgr_status zmgr_zones(const zmgr_manager *manager,
                       const zmgr_query *query,
                       zmgr_zone_list **out,
                       zmgr_error **error);

// How many zones the list has.
//
// Requires: `list` is NULL or a live list.
size_t zmgr_zone_list_len(const zmgr_zone_list *list);

// Zone number `index`; NULL past the last. It belongs to the list.
//
// Requires: `list` is NULL or a live list.
const zmgr_zone *zmgr_zone_list_get(const zmgr_zone_list *list, size_t index);

// Frees a list and its zones. NULL is fine.
//
// Requires: `list` is NULL or a list of the caller's, used no more.
void zmgr_zone_list_free(zmgr_zone_list *list);

// The zone of this name. Reads its one file, and asks the host about it.
// Errors: ZMGR_NOT_FOUND where it is not registered.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_zone_find(const zmgr_manager *manager,
                           const char *name,
                           zmgr_zone **out,
                           zmgr_error **error);

// Creates a zone: allocates its addresses, configures, installs, and boots it where that is wished. `out` may be NULL. On
// failure what was done is undone, unless `run` or config.kdl says otherwise.
// Errors: ZMGR_EXISTS where the registry or the host has such a zone; ZMGR_NOT_FOUND (the template, the zone to clone);
// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED where the undoing did not succeed either.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; options are NULL or of the size that they state; `out` and `error` are
// NULL or point to a place for a pointer.
zmgr_status zmgr_zone_create(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_create_options *options,
                             const zmgr_run_options *run,
                             zmgr_zone **out,
                             zmgr_error **error);

// Installs a zone again: its files go and come anew; its addresses, links and configuration stay. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for a protected zone and what else needs `force`; ZMGR_COMMAND_FAILED;
// ZMGR_RECOVERY_NEEDED for unfinished work.
//
// Requires: As for zmgr_zone_create.
zmgr_status zmgr_zone_reinstall(const zmgr_manager *manager,
                                const char *name,
                                const zmgr_reinstall_options *options,
                                const zmgr_run_options *run,
                                zmgr_zone **out,
                                zmgr_error **error);

// Destroys a zone, and what zmgr made for it: halts, uninstalls, deletes its configuration, its VNICs and its entry.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE for a protected zone and what else needs `force`; ZMGR_COMMAND_FAILED;
// ZMGR_RECOVERY_NEEDED where somebody else's hand is seen.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; options are NULL or of the size that they state; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_zone_destroy(const zmgr_manager *manager,
                              const char *name,
                              const zmgr_destroy_options *options,
                              const zmgr_run_options *run,
                              zmgr_error **error);

// Removes the entry of a zone from the registry, and nothing else: the zone stays on the host as it is.
// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_BUSY while another process works on the zone.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `run` is NULL or of the size that it states; `error` is NULL or points to a
// place for a pointer.
zmgr_status zmgr_zone_forget(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_run_options *run,
                             zmgr_error **error);

// Frees a zone that a call gave through `out`. NULL is fine. Zones of a list are freed with the list.
//
// Requires: `zone` is NULL or a zone of the caller's, used no more.
void zmgr_zone_free(zmgr_zone *zone);

// The name.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_name(const zmgr_zone *zone);

// The id of its entry, 32 hex digits; NULL for a wish not yet built and for a zone that is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_id(const zmgr_zone *zone);

// The brand; NULL where it is not known.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_brand(const zmgr_zone *zone);

// The template it follows; NULL where it follows none.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_template_name(const zmgr_zone *zone);

// Where it lies on the host.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_zonepath(const zmgr_zone *zone);

// What the registry says: "creating", "ready", "destroying", "failed", "unreadable"; NULL for a wish not yet built and
// for a zone that is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_state(const zmgr_zone *zone);

// What the host says: "configured", "incomplete", "installed", "ready", "running", "shutting_down", "down", "absent"; NULL
// where the host was not asked.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_status(const zmgr_zone *zone);

// The uuid of its installation; NULL before it is installed.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_uuid(const zmgr_zone *zone);

// When it was registered, RFC 3339; NULL where it is not.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_created(const zmgr_zone *zone);

// "create" or "import"; NULL where it is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_origin(const zmgr_zone *zone);

// Whether it is to boot with the host: 1 or 0; -1 where nobody says.
//
// Requires: `zone` is NULL or a live zone.
int32_t zmgr_zone_autoboot(const zmgr_zone *zone);

// What is wrong with its file; NULL where nothing is. It belongs to the zone.
//
// Requires: `zone` is NULL or a live zone.
const zmgr_diagnostic *zmgr_zone_fault(const zmgr_zone *zone);

// How many tags it has.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_tag_count(const zmgr_zone *zone);

// Tag number `index`; NULL past the last.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_tag(const zmgr_zone *zone, size_t index);

// How many attributes it has.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_attr_count(const zmgr_zone *zone);

// The name of attribute number `index`, in the order of the names; NULL past the last.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_attr_name(const zmgr_zone *zone, size_t index);

// The value of attribute number `index`; NULL past the last.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_attr_value(const zmgr_zone *zone, size_t index);

// Number of changes that were applied while the zone ran and take effect at its next boot.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_pending_count(const zmgr_zone *zone);

// Pending change number `index`, such as "bootargs"; NULL past the last.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_pending(const zmgr_zone *zone, size_t index);

// How many nets it has.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_net_count(const zmgr_zone *zone);

// Net number `index`; NULL past the last. It belongs to the zone.
//
// Requires: `zone` is NULL or a live zone.
const zmgr_net *zmgr_zone_net(const zmgr_zone *zone, size_t index);

// The zone as JSON, as `zmgr show --json` prints it. The text is the caller's: zmgr_string_free.
//
// Requires: `zone` is NULL or a live zone.
char *zmgr_zone_json(const zmgr_zone *zone);

// Its name within the zone.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_name(const zmgr_net *net);

// The pool that its addresses come from; NULL where they come from none.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_pool(const zmgr_net *net);

// The VNIC that was made for it; NULL where there is none.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_vnic(const zmgr_net *net);

// The link below the VNIC.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_stub(const zmgr_net *net);

// The MAC address of the VNIC, as dladm prints it.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_mac(const zmgr_net *net);

// The existing link that it uses in place of a VNIC; NULL where it has a VNIC.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_physical(const zmgr_net *net);

// Its VLAN; 0 for none.
//
// Requires: `net` is NULL or a live net.
uint32_t zmgr_net_vlan(const zmgr_net *net);

// Whether zmgr made the VNIC, and so may delete it.
//
// Requires: `net` is NULL or a live net.
bool zmgr_net_managed(const zmgr_net *net);

// How many addresses it has.
//
// Requires: `net` is NULL or a live net.
size_t zmgr_net_address_count(const zmgr_net *net);

// Address number `index` with its prefix length, such as "10.1.0.10/24"; NULL past the last.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_address(const zmgr_net *net, size_t index);

// The gateway of address number `index`; NULL where it has none, and past the last.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_gateway(const zmgr_net *net, size_t index);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZMGR_H */
