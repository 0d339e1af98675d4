// libzmgr: manages illumos zones from flat KDL files.
//
// Generated from bindings/c by `make header`; a test fails if it is out of date. bindings/README.md describes the conventions
// (ownership, errors, threads, options structs); in short:
//   - A function that can fail returns zmgr_status and takes `zmgr_error **error` last: NULL, or the address of a pointer that
//     is set to a new error object, which you free (zmgr_error_free). Its previous value is ignored.
//   - Outputs are set to NULL at entry and filled on success. Each object has its _free (or _close); NULL may be freed.
//   - A returned `const char *` belongs to the object that returned it; you free a returned `char *` (zmgr_string_free).
//     Text is UTF-8.
//   - A pointer to options may be NULL; otherwise set the first field to the sizeof of the struct. 0 is the default of every
//     other field.
//   - Several threads may use a zmgr_manager, a zmgr_sim or a zmgr_cancel at once. Every other object is an immutable snapshot:
//     any thread may read it until it is freed.
//   - A callback gets its userdata first, and is called on the thread that made the call, one at a time, never after the call has
//     returned. It must not throw, longjmp or close the manager; returning false cancels. Only the log callback is called on other
//     threads.
//   - Enumerations may grow: a `switch` needs a `default:`. As inputs they are uint32_t; an unknown value is an error.
//   - fork: a process that is forked while no call is running may go on using its objects. One that is forked while another thread is
//     in a call must not use them, and must end with _exit or exec. In both cases it holds none of zmgr's locks.
//   - No signal handler, chdir, umask or change of the environment. Do not ignore SIGCHLD; open your own descriptors with O_CLOEXEC,
//     because commands of the host inherit the others.
//   - While ZMGR_VERSION_MAJOR is 0, a minor version may break programs, and the soname has both numbers (libzmgr.so.0.1).
//   - Each function lists its own errors. Every function may also return ZMGR_INVALID_ARGUMENT (a required pointer is NULL, text is
//     not UTF-8, a name is not valid), ZMGR_IO, ZMGR_PERMISSION_DENIED and ZMGR_INTERNAL; one that reads configuration files,
//     ZMGR_CONFIG; one that queries the host, ZMGR_UNSUPPORTED_HOST, ZMGR_COMMAND_FAILED and ZMGR_TIMED_OUT; one that takes
//     zmgr_run_options, ZMGR_CANCELLED, and ZMGR_BUSY if another process holds the lock for too long.


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


// ==== Constants ====

// Status of a call. New numbers may be added, so a `switch` needs a `default:`. A number never changes and is never reused.
enum zmgr_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Success.
    ZMGR_OK = 0,
    // A bug in zmgr.
    ZMGR_INTERNAL = 1,
    // An argument is invalid, whatever the state of files and host.
    ZMGR_INVALID_ARGUMENT = 2,
    // A configuration file has an error; the details of the error point at it.
    ZMGR_CONFIG = 3,
    // A zone, pool, template or other object does not exist.
    ZMGR_NOT_FOUND = 4,
    // An object of that name already exists.
    ZMGR_EXISTS = 5,
    // The state of the zone does not allow the operation.
    ZMGR_WRONG_STATE = 6,
    // The pool has no free address.
    ZMGR_POOL_EXHAUSTED = 7,
    // The requested address is already held.
    ZMGR_ADDRESS_IN_USE = 8,
    // Another process holds the lock; the same call may succeed later.
    ZMGR_BUSY = 9,
    // Permission denied.
    ZMGR_PERMISSION_DENIED = 10,
    // A host command failed; see zmgr_error_command_arg() and the functions after it.
    ZMGR_COMMAND_FAILED = 11,
    // A command or a wait exceeded its time limit.
    ZMGR_TIMED_OUT = 12,
    // The call was cancelled.
    ZMGR_CANCELLED = 13,
    // The host does not support the operation.
    ZMGR_UNSUPPORTED_HOST = 14,
    // Reading or writing a file failed.
    ZMGR_IO = 15,
    // An interrupted operation must be recovered first, by zmgr_recover() or by hand.
    ZMGR_RECOVERY_NEEDED = 16,
    // Some operations failed; the details of the error list them.
    ZMGR_PARTIAL = 17,
    // The basis of the plan has changed since it was created. Nothing was done.
    ZMGR_STALE_PLAN = 18,
    // The host differs from the files. Exit status of `zmgr diff` only: no call returns it.
    ZMGR_DRIFT = 19,
    // The store of the fleet cannot be reached, is full, or does not let this host in. Nothing was allocated or released.
    ZMGR_STORE_UNREACHABLE = 20,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_status zmgr_status;
#else
typedef uint32_t zmgr_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Severity of a diagnostic.
enum zmgr_severity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Operations that need the file fail.
    ZMGR_SEVERITY_ERROR = 0,
    // Operations continue.
    ZMGR_SEVERITY_WARNING = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_severity zmgr_severity;
#else
typedef uint32_t zmgr_severity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// State of a zone in the registry. Values may be added.
enum zmgr_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // The zone has not been created yet, or is not registered.
    ZMGR_STATE_NONE = 0,
    // It is being created, reinstalled or changed, or that was interrupted.
    ZMGR_STATE_CREATING = 1,
    // It is built.
    ZMGR_STATE_READY = 2,
    // It is being destroyed, or that was interrupted.
    ZMGR_STATE_DESTROYING = 3,
    // A rollback could not finish.
    ZMGR_STATE_FAILED = 4,
    // Its file could not be read.
    ZMGR_STATE_UNREADABLE = 5,
    // The entry has a state that this zmgr does not know.
    ZMGR_STATE_UNKNOWN = 6,
    // A newer zmgr wrote its entry: its addresses are held, and this zmgr does not change it.
    ZMGR_STATE_NEWER = 7,
    // It was taken from the host; its files and its entry stay.
    ZMGR_STATE_DETACHED = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_state zmgr_state;
#else
typedef uint32_t zmgr_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Status of a zone on the host. Values may be added.
enum zmgr_host_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // The host was not queried.
    ZMGR_HOST_STATUS_NONE = 0,
    // The host does not have the zone.
    ZMGR_HOST_STATUS_ABSENT = 1,
    // It has a configuration but no files.
    ZMGR_HOST_STATUS_CONFIGURED = 2,
    // An installation or its removal began and is not complete.
    ZMGR_HOST_STATUS_INCOMPLETE = 3,
    // It is installed and inactive.
    ZMGR_HOST_STATUS_INSTALLED = 4,
    // It is active, without processes.
    ZMGR_HOST_STATUS_READY = 5,
    // It is mounted for maintenance.
    ZMGR_HOST_STATUS_MOUNTED = 6,
    // It is active.
    ZMGR_HOST_STATUS_RUNNING = 7,
    // It is on its way down.
    ZMGR_HOST_STATUS_SHUTTING_DOWN = 8,
    // Its processes are gone, its kernel part is not.
    ZMGR_HOST_STATUS_DOWN = 9,
    // The host named a state that zmgr does not know.
    ZMGR_HOST_STATUS_UNKNOWN = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_host_status zmgr_host_status;
#else
typedef uint32_t zmgr_host_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Origin of a zone's entry. Values may be added.
enum zmgr_origin
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // The zone is not registered.
    ZMGR_ORIGIN_NONE = 0,
    // zmgr created the zone.
    ZMGR_ORIGIN_CREATE = 1,
    // The zone was imported.
    ZMGR_ORIGIN_IMPORT = 2,
    // A golden zone, from which others are cloned.
    ZMGR_ORIGIN_GOLDEN = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_origin zmgr_origin;
#else
typedef uint32_t zmgr_origin;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Operation that can be planned. Values may be added.
enum zmgr_operation
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // An operation that is newer than this header.
    ZMGR_OPERATION_OTHER = 0,
    // Create zones.
    ZMGR_OPERATION_CREATE = 1,
    // Destroy zones.
    ZMGR_OPERATION_DESTROY = 2,
    // Install zones again.
    ZMGR_OPERATION_REINSTALL = 3,
    // Make the host match the files.
    ZMGR_OPERATION_APPLY = 4,
    // Adopt zones that exist.
    ZMGR_OPERATION_IMPORT = 5,
    // Remove entries and nothing else.
    ZMGR_OPERATION_FORGET = 6,
    // Boot zones.
    ZMGR_OPERATION_BOOT = 7,
    // Shut zones down.
    ZMGR_OPERATION_SHUTDOWN = 8,
    // Give a zone another name.
    ZMGR_OPERATION_RENAME = 9,
    // Take a snapshot of a zone.
    ZMGR_OPERATION_SNAPSHOT_CREATE = 10,
    // Delete a snapshot of a zone.
    ZMGR_OPERATION_SNAPSHOT_DELETE = 11,
    // Roll a zone back to a snapshot.
    ZMGR_OPERATION_SNAPSHOT_ROLLBACK = 12,
    // Take zones from the host and keep their files and entries.
    ZMGR_OPERATION_DETACH = 13,
    // Bring detached zones back.
    ZMGR_OPERATION_ATTACH = 14,
    // Update the packages of zones.
    ZMGR_OPERATION_UPDATE = 15,
    // Install new golden zones for templates, and remove those that nothing needs.
    ZMGR_OPERATION_REFRESH = 16,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_operation zmgr_operation;
#else
typedef uint32_t zmgr_operation;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kind of an event. Values may be added.
enum zmgr_event_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A kind that is newer than this header.
    ZMGR_EVENT_OTHER = 0,
    // The operation on the zone starts.
    ZMGR_EVENT_STARTED = 1,
    // A step starts.
    ZMGR_EVENT_STEP_STARTED = 2,
    // A command starts; the message is its command line.
    ZMGR_EVENT_COMMAND = 3,
    // A command is still running; the message is its last line of output.
    ZMGR_EVENT_RUNNING = 4,
    // A step is done.
    ZMGR_EVENT_STEP_DONE = 5,
    // A step failed; the message says why.
    ZMGR_EVENT_STEP_FAILED = 6,
    // A step is being undone.
    ZMGR_EVENT_UNDOING = 7,
    // A warning; the operation continues.
    ZMGR_EVENT_WARNING = 8,
    // The output of a long command goes to a log; the message is its path.
    ZMGR_EVENT_LOG = 9,
    // The operation on the zone has ended, successfully or not; the message is the outcome in a line.
    ZMGR_EVENT_FINISHED = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_event_kind zmgr_event_kind;
#else
typedef uint32_t zmgr_event_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Action of an operation on a zone. Values may be added.
enum zmgr_action
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // None, or an action that is newer than this header.
    ZMGR_ACTION_OTHER = 0,
    // It was created.
    ZMGR_ACTION_CREATED = 1,
    // It was destroyed.
    ZMGR_ACTION_DESTROYED = 2,
    // It was installed again.
    ZMGR_ACTION_REINSTALLED = 3,
    // Its changes were applied.
    ZMGR_ACTION_APPLIED = 4,
    // It was destroyed and created again to apply its changes.
    ZMGR_ACTION_RECREATED = 5,
    // It was imported.
    ZMGR_ACTION_ADOPTED = 6,
    // Its entry was removed.
    ZMGR_ACTION_FORGOTTEN = 7,
    // It was given another name.
    ZMGR_ACTION_RENAMED = 8,
    // A snapshot of it was taken.
    ZMGR_ACTION_SNAPSHOT_TAKEN = 9,
    // A snapshot of it was deleted.
    ZMGR_ACTION_SNAPSHOT_DELETED = 10,
    // It was rolled back to a snapshot.
    ZMGR_ACTION_ROLLED_BACK = 11,
    // It was booted.
    ZMGR_ACTION_BOOTED = 12,
    // It was halted.
    ZMGR_ACTION_HALTED = 13,
    // It was shut down.
    ZMGR_ACTION_SHUT_DOWN = 14,
    // It was rebooted.
    ZMGR_ACTION_REBOOTED = 15,
    // Its interrupted operation was finished.
    ZMGR_ACTION_FINISHED = 16,
    // Its interrupted operation was given up, and the zone is as before.
    ZMGR_ACTION_RESTORED = 17,
    // Its interrupted operation was undone.
    ZMGR_ACTION_UNDONE = 18,
    // There was nothing to do.
    ZMGR_ACTION_UNCHANGED = 19,
    // It was left out; the notes say why.
    ZMGR_ACTION_SKIPPED = 20,
    // The operation failed; see zmgr_report_error().
    ZMGR_ACTION_FAILED = 21,
    // It was taken from the host; its files and its entry stay.
    ZMGR_ACTION_DETACHED = 22,
    // It was brought back.
    ZMGR_ACTION_ATTACHED = 23,
    // Its packages were updated.
    ZMGR_ACTION_UPDATED = 24,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_action zmgr_action;
#else
typedef uint32_t zmgr_action;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Part of the host that an item of a diagnosis is about. Values may be added.
enum zmgr_diagnosis_area
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A value that is newer than this header.
    ZMGR_DIAGNOSIS_AREA_OTHER = 0,
    // Distribution, version, kernel.
    ZMGR_DIAGNOSIS_AREA_DISTRIBUTION = 1,
    // Runs on real hosts.
    ZMGR_DIAGNOSIS_AREA_EVIDENCE = 2,
    // Rights of the process.
    ZMGR_DIAGNOSIS_AREA_PRIVILEGES = 3,
    // The host's commands and the format of their output.
    ZMGR_DIAGNOSIS_AREA_COMMANDS = 4,
    // Brands.
    ZMGR_DIAGNOSIS_AREA_BRANDS = 5,
    // Datasets that zones are created in.
    ZMGR_DIAGNOSIS_AREA_DATASETS = 6,
    // Links that VNICs are created over.
    ZMGR_DIAGNOSIS_AREA_LINKS = 7,
    // Zones and their boot environments.
    ZMGR_DIAGNOSIS_AREA_ZONES = 8,
    // Known bugs of the platform.
    ZMGR_DIAGNOSIS_AREA_PLATFORM_BUGS = 9,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_diagnosis_area zmgr_diagnosis_area;
#else
typedef uint32_t zmgr_diagnosis_area;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kind of an item of a diagnosis. Values may be added.
enum zmgr_diagnosis_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A value that is newer than this header.
    ZMGR_DIAGNOSIS_OTHER = 0,
    // The distribution, which zmgr knows.
    ZMGR_DIAGNOSIS_DISTRIBUTION = 1,
    // An illumos distribution that zmgr does not know.
    ZMGR_DIAGNOSIS_UNKNOWN_DISTRIBUTION = 2,
    // The system is not illumos.
    ZMGR_DIAGNOSIS_NOT_ILLUMOS = 3,
    // zmgr runs in a zone, not in the global zone.
    ZMGR_DIAGNOSIS_NOT_GLOBAL_ZONE = 4,
    // The host is simulated.
    ZMGR_DIAGNOSIS_SIMULATED = 5,
    // Runs on real hosts.
    ZMGR_DIAGNOSIS_REAL_HOSTS = 6,
    // The process may change zones.
    ZMGR_DIAGNOSIS_PRIVILEGED = 7,
    // The process does not run as root, so it can only read.
    ZMGR_DIAGNOSIS_NOT_ROOT = 8,
    // Root without all privileges.
    ZMGR_DIAGNOSIS_PRIVILEGES_MISSING = 9,
    // The command is there, and its output is as expected.
    ZMGR_DIAGNOSIS_COMMAND_WORKS = 10,
    // The command is there. It has no query to try.
    ZMGR_DIAGNOSIS_COMMAND_PRESENT = 11,
    // The host does not have the command.
    ZMGR_DIAGNOSIS_COMMAND_MISSING = 12,
    // The command failed.
    ZMGR_DIAGNOSIS_COMMAND_FAILED = 13,
    // The output of the command cannot be read.
    ZMGR_DIAGNOSIS_COMMAND_UNREADABLE = 14,
    // An installed brand that zmgr can install zones of.
    ZMGR_DIAGNOSIS_BRAND_KNOWN = 15,
    // An installed brand whose zones zmgr can install, but what its uninstall destroys is only inferred.
    ZMGR_DIAGNOSIS_BRAND_UNPROVEN = 16,
    // An installed brand that zmgr does not touch.
    ZMGR_DIAGNOSIS_BRAND_IGNORED = 17,
    // A template needs a brand that is not installed.
    ZMGR_DIAGNOSIS_BRAND_MISSING = 18,
    // No brand is installed that zmgr can install zones of.
    ZMGR_DIAGNOSIS_NO_BRAND = 19,
    // The dataset of new zones is mounted.
    ZMGR_DIAGNOSIS_DATASET_READY = 20,
    // No dataset has the directory of new zones as its mount point.
    ZMGR_DIAGNOSIS_DATASET_MISSING = 21,
    // The dataset of new zones is not mounted.
    ZMGR_DIAGNOSIS_DATASET_UNMOUNTED = 22,
    // The dataset of new zones is almost full.
    ZMGR_DIAGNOSIS_DATASET_FULL = 23,
    // The link that a pool names is there and can carry VNICs.
    ZMGR_DIAGNOSIS_LINK_READY = 24,
    // The link that a pool names does not exist.
    ZMGR_DIAGNOSIS_LINK_MISSING = 25,
    // The link that a pool names cannot carry VNICs.
    ZMGR_DIAGNOSIS_LINK_UNSUITABLE = 26,
    // Some configuration files have errors, so what they ask for is not checked.
    ZMGR_DIAGNOSIS_CONFIG_UNREADABLE = 27,
    // Zones whose datasets are as they should be.
    ZMGR_DIAGNOSIS_ZONES_HEALTHY = 28,
    // It is not known which boot environment of the host runs, so those of the zones are not checked.
    ZMGR_DIAGNOSIS_HOST_ENVIRONMENT_UNKNOWN = 29,
    // The host boots another boot environment next, which does not have zones created now.
    ZMGR_DIAGNOSIS_OTHER_ENVIRONMENT_NEXT = 30,
    // The zone is incomplete: an install, clone or uninstall did not finish.
    ZMGR_DIAGNOSIS_ZONE_INCOMPLETE = 31,
    // The zone's root is mounted for maintenance, so it cannot boot.
    ZMGR_DIAGNOSIS_ZONE_MOUNTED = 32,
    // No dataset is mounted at the zonepath.
    ZMGR_DIAGNOSIS_ZONEPATH_UNMOUNTED = 33,
    // The zone has no boot environment.
    ZMGR_DIAGNOSIS_NO_ENVIRONMENT = 34,
    // The zone's boot environments belong to other boot environments of the host.
    ZMGR_DIAGNOSIS_FOREIGN_PARENT = 35,
    // None of the zone's boot environments is active.
    ZMGR_DIAGNOSIS_NONE_ACTIVE = 36,
    // More than one of the zone's boot environments is active.
    ZMGR_DIAGNOSIS_SEVERAL_ACTIVE = 37,
    // The zone has more than one boot environment, and its brand cannot uninstall such a zone.
    ZMGR_DIAGNOSIS_SEVERAL_ENVIRONMENTS = 38,
    // The zone's active boot environment is not mounted.
    ZMGR_DIAGNOSIS_ENVIRONMENT_UNMOUNTED = 39,
    // Properties of the zone's active boot environment are not as the brand sets them.
    ZMGR_DIAGNOSIS_ENVIRONMENT_CHANGED = 40,
    // Clones of this brand come up without network; zmgr makes their interfaces.
    ZMGR_DIAGNOSIS_CLONE_WITHOUT_NETWORK = 41,
    // Link properties given to `dladm create-vnic` are only recorded; zmgr sets them again.
    ZMGR_DIAGNOSIS_LINK_PROPERTIES_RECORDED = 42,
    // Long addresses of one link can make a boot fail; zmgr refuses them.
    ZMGR_DIAGNOSIS_LINK_ADDRESSES_LIMITED = 43,
    // The service that boots the zones with `after` is online.
    ZMGR_DIAGNOSIS_BOOT_SERVICE_ONLINE = 44,
    // Zones have `after`, and the service that boots them is missing, disabled or broken.
    ZMGR_DIAGNOSIS_BOOT_SERVICE_NOT_ONLINE = 45,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_diagnosis_kind zmgr_diagnosis_kind;
#else
typedef uint32_t zmgr_diagnosis_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Severity of an item of a diagnosis, mildest first. Values may be added.
enum zmgr_diagnosis_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A value that is newer than this header.
    ZMGR_DIAGNOSIS_LEVEL_OTHER = 0,
    // As it should be.
    ZMGR_DIAGNOSIS_LEVEL_OK = 1,
    // Good to know. Nothing needs to be done.
    ZMGR_DIAGNOSIS_LEVEL_NOTE = 2,
    // Some operations fail, or fail for some zones.
    ZMGR_DIAGNOSIS_LEVEL_WARNING = 3,
    // The host cannot be managed.
    ZMGR_DIAGNOSIS_LEVEL_ERROR = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_diagnosis_level zmgr_diagnosis_level;
#else
typedef uint32_t zmgr_diagnosis_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Kind of a value. Kinds may be added.
enum zmgr_value_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // No value.
    ZMGR_VALUE_NULL = 0,
    // See zmgr_value_bool.
    ZMGR_VALUE_BOOL = 1,
    // See zmgr_value_integer.
    ZMGR_VALUE_INTEGER = 2,
    // See zmgr_value_text.
    ZMGR_VALUE_TEXT = 3,
    // See zmgr_value_len and zmgr_value_at.
    ZMGR_VALUE_LIST = 4,
    // See zmgr_value_get; iterate with zmgr_value_len, zmgr_value_key and zmgr_value_at.
    ZMGR_VALUE_MAP = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_value_kind zmgr_value_kind;
#else
typedef uint32_t zmgr_value_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Severity of a log record. Severities may be added.
enum zmgr_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A zone failed.
    ZMGR_LOG_ERROR = 1,
    // Something that a user should know, or a step that failed.
    ZMGR_LOG_WARN = 2,
    // Beginning and end of an operation on a zone.
    ZMGR_LOG_INFO = 3,
    // Steps, and commands of the host with their duration and status.
    ZMGR_LOG_DEBUG = 4,
    // Details for the developers of zmgr.
    ZMGR_LOG_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_log_level zmgr_log_level;
#else
typedef uint32_t zmgr_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Boot of a zone at the end of an operation.
enum zmgr_boot
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A creation: as the template says. A reinstallation: if the zone was running before.
    ZMGR_BOOT_DEFAULT = 0,
    // Boot the zone.
    ZMGR_BOOT_YES = 1,
    // Do not boot the zone.
    ZMGR_BOOT_NO = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_boot zmgr_boot;
#else
typedef uint32_t zmgr_boot;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Use of the host by a query, for the status of each zone.
enum zmgr_query_host
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Query the host; leave every status empty if it does not answer.
    ZMGR_QUERY_HOST_IF_AVAILABLE = 0,
    // Read only the files.
    ZMGR_QUERY_HOST_NEVER = 1,
    // Query the host; fail if it does not answer.
    ZMGR_QUERY_HOST_REQUIRED = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_query_host zmgr_query_host;
#else
typedef uint32_t zmgr_query_host;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Handling of completed steps when a later step fails.
enum zmgr_on_failure
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Use the setting in config.kdl.
    ZMGR_ON_FAILURE_CONFIGURED = 0,
    // Roll back.
    ZMGR_ON_FAILURE_ROLL_BACK = 1,
    // Keep them, and keep the entry in the state "failed".
    ZMGR_ON_FAILURE_KEEP = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_on_failure zmgr_on_failure;
#else
typedef uint32_t zmgr_on_failure;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Time at which the caller of a command is killed.
enum zmgr_sim_abort
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // Never.
    ZMGR_SIM_ABORT_NEVER = 0,
    // Before the command starts.
    ZMGR_SIM_ABORT_BEFORE = 1,
    // After the command has finished, before the caller learns of it.
    ZMGR_SIM_ABORT_AFTER = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum zmgr_sim_abort zmgr_sim_abort;
#else
typedef uint32_t zmgr_sim_abort;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// Stream that a command wrote to.
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

// ==== Objects ====

// Addresses that an owner holds in a pool, IPv4 first. An immutable snapshot that any thread may read; valid until
// zmgr_address_list_free(), even after zmgr_close().
typedef struct zmgr_address_list zmgr_address_list;

// Cancellation token. Any thread may use it, even while a call uses it. Free it with zmgr_cancel_free() when no call uses it.
typedef struct zmgr_cancel zmgr_cancel;

// Diagnosis of a host. Immutable: any thread may read it. Valid until zmgr_diagnosis_free(), even after zmgr_close().
typedef struct zmgr_diagnosis zmgr_diagnosis;

// One thing that a diagnosis found. Owned by the diagnosis. Immutable: any thread may read it. Valid until zmgr_diagnosis_free().
typedef struct zmgr_diagnosis_item zmgr_diagnosis_item;

// Message about a configuration file, with its place. It belongs to the object that returned it; any thread may read it while
// that object exists.
typedef struct zmgr_diagnostic zmgr_diagnostic;

// Diagnostics, ordered by file and line. An immutable snapshot that any thread may read; valid until
// zmgr_diagnostic_list_free(), even after zmgr_close().
typedef struct zmgr_diagnostic_list zmgr_diagnostic_list;

// Reason for a failed call. Immutable: any thread may read it. Free the error that a call returned with zmgr_error_free(); a report
// owns its errors.
typedef struct zmgr_error zmgr_error;

// Progress event. Lives for the callback only, on its thread.
typedef struct zmgr_event zmgr_event;

// Record of a log: a message and details by name, such as operation, zone, step, command, status and elapsed_ms. Lives for the
// callback only, on its thread. Holds no secrets.
typedef struct zmgr_log_record zmgr_log_record;

// Manages the zones of one host and their configuration files. Any number of threads may use one manager concurrently until
// zmgr_close().
typedef struct zmgr_manager zmgr_manager;

// Net of a zone. It belongs to the zone; any thread may read it while the zone exists.
typedef struct zmgr_net zmgr_net;

// Description of what an operation would do. Creating a plan changes nothing and needs only read access. Immutable: any thread may
// read it. Valid until zmgr_plan_free(), even after zmgr_close().
typedef struct zmgr_plan zmgr_plan;

// Outcome of an operation for each zone, in the order of the request. An immutable snapshot that any thread may read; valid until
// zmgr_report_free(), even after zmgr_close().
typedef struct zmgr_report zmgr_report;

// Simulated illumos host in a directory. Its state persists; several processes may use it concurrently, and several threads this
// handle, until zmgr_sim_close(). To manage it, open a zmgr_manager with its directory as `simulate`.
typedef struct zmgr_sim zmgr_sim;

// Tree of maps, lists and scalars with the keys of `zmgr --json`. Free only the value that a call returned through `out`, with
// zmgr_value_free(); it owns the values that zmgr_value_get() and zmgr_value_at() return. Immutable: any thread may read it.
typedef struct zmgr_value zmgr_value;

// Zone: its registry entry, with defaults from its template and the status from the host. An immutable snapshot that any thread may
// read. Free a zone that a call returned through `out` with zmgr_zone_free(); a list or report owns its zones.
typedef struct zmgr_zone zmgr_zone;

// Zones, sorted by name. An immutable snapshot that any thread may read; valid until zmgr_zone_list_free(), even after
// zmgr_close().
typedef struct zmgr_zone_list zmgr_zone_list;

// Log callback, in zmgr_open_options. Called on the threads that do the work, several at once, and only during calls that use the
// manager. It must not use the manager, throw or `longjmp`. The record is valid only during the call.
typedef void (*zmgr_log_fn)(void *userdata, const zmgr_log_record *record);

// Options for zmgr_open(): the configuration files and the host.
typedef struct {
    // sizeof(zmgr_open_options)
    size_t size;
    // Directory of the configuration files; NULL: etc/zmgr of the host.
    const char *root;
    // Directory of a simulated host, created if missing; NULL: none.
    const char *simulate_dir;
    // Directory under which host programs and files are found; NULL: /.
    const char *host_root;
    // Name of this program, shown to processes that wait for its locks; NULL: its file name.
    const char *command;
    // Log callback; NULL: none.
    zmgr_log_fn log;
    // Passed to `log`.
    void *log_userdata;
    // Least severe records that `log` gets, a zmgr_log_level; 0: ZMGR_LOG_INFO.
    uint32_t log_level;
} zmgr_open_options;

// Options for zmgr_zones(): the zones to return.
typedef struct {
    // sizeof(zmgr_query)
    size_t size;
    // Tag that the zones must have; NULL: any.
    const char *tag;
    // Names of the zones; NULL: all.
    const char *const *names;
    // Number of names.
    size_t name_count;
    // One of zmgr_query_host.
    uint32_t query_host;
    // Include zones of the host that are not in the registry.
    bool unregistered;
} zmgr_query;

// Options for zmgr_zone_create(), zmgr_zones_create() and zmgr_plan_create().
typedef struct {
    // sizeof(zmgr_create_options)
    size_t size;
    // Name of the template; NULL: default-template in config.kdl.
    const char *template_name;
    // Addresses to use: strings such as "internal=10.1.0.10" (NET=ADDRESS without prefix length); NULL: none.
    const char *const *addresses;
    // Number of addresses.
    size_t address_count;
    // Attributes: strings such as "owner=alice"; NULL: none.
    const char *const *attrs;
    // Number of attributes.
    size_t attr_count;
    // Name of the zone to clone instead of installing; NULL: none.
    const char *clone_from;
    // One of zmgr_boot.
    uint32_t boot;
} zmgr_create_options;

// ==== Options and callbacks ====

// Progress callback. Called once per event, on the thread that made the call, one event at a time even if zones are processed in
// parallel, and never after the call has returned. `event` is valid only during the callback. Return false to cancel; if the
// event is the start of a step, the step does not run. Must not throw, longjmp or close the manager.
typedef bool (*zmgr_progress_fn)(void *userdata, const zmgr_event *event);

// Options for running an operation.
typedef struct {
    // sizeof(zmgr_run_options)
    size_t size;
    // Progress callback; may be NULL.
    zmgr_progress_fn progress;
    // Passed to `progress`.
    void *userdata;
    // Cancellation token; may be NULL.
    const zmgr_cancel *cancel;
    // Number of zones to process in parallel; 0 means 1.
    uint32_t jobs;
    // One of zmgr_on_failure.
    uint32_t on_failure;
} zmgr_run_options;

// Options for zmgr_zone_reinstall(), zmgr_zones_reinstall() and zmgr_plan_reinstall().
typedef struct {
    // sizeof(zmgr_reinstall_options)
    size_t size;
    // One of zmgr_boot.
    uint32_t boot;
    // Act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    bool force;
    // Not 0: act on a real host even if what a step destroys is only inferred; see `zmgr explain brand`. A size_t, so that it
    // does not lie in the padding of the struct of an older program.
    size_t unproven;
    // Not 0: keep the zone's old root with a snapshot, labelled with the time; zmgr_snapshot_rollback() brings it back. A size_t, so
    // that it does not lie in the padding of the struct of an older program.
    size_t snapshot;
} zmgr_reinstall_options;

// Options for zmgr_zone_destroy(), zmgr_zones_destroy() and zmgr_plan_destroy().
typedef struct {
    // sizeof(zmgr_destroy_options)
    size_t size;
    // Act even if the zone is protected, has clones, or has snapshots that zmgr did not create.
    bool force;
    // Detach the zone and keep its files, instead of uninstalling.
    bool keep_data;
    // Not 0: act on a real host even if what a step destroys is only inferred; see `zmgr explain brand`. A size_t, so that it
    // does not lie in the padding of the struct of an older program.
    size_t unproven;
    // Not 0: also destroy the delegated datasets that zmgr created, and those that uninstalling the zone destroys. Contradicts
    // keep_data. A size_t for the same reason.
    size_t purge;
} zmgr_destroy_options;

// Options for halting, shutting down and rebooting zones.
typedef struct {
    // sizeof(zmgr_halt_options)
    size_t size;
    // Time to wait for the state, in milliseconds; 0: the timeout in config.kdl.
    uint64_t timeout_ms;
    // For shutdown: halt zones that do not go down in time. For reboot: halt instead of shutting down.
    bool force;
} zmgr_halt_options;

// Output callback. Receives what a command in a zone writes, as it arrives, on the thread that made the call. `stream` is one of
// zmgr_stream. Return false to stop the command. Must not throw, longjmp or close the manager.
typedef bool (*zmgr_output_fn)(void *userdata, uint32_t stream, const uint8_t *bytes, size_t length);

// Options for zmgr_zone_exec().
typedef struct {
    // sizeof(zmgr_exec_options)
    size_t size;
    // Output callback; may be NULL.
    zmgr_output_fn output;
    // Passed to `output`.
    void *userdata;
    // Cancellation token; may be NULL.
    const zmgr_cancel *cancel;
    // Time limit in milliseconds; 0: no limit.
    uint64_t timeout_ms;
    // Pass the caller's standard input to the command; otherwise its input is empty.
    bool read_stdin;
} zmgr_exec_options;

// Options for zmgr_zone_rename() and zmgr_plan_rename(): what gets a new name besides the zone.
typedef struct {
    // sizeof(zmgr_rename_options)
    size_t size;
    // Rename the VNICs that are named after the zone.
    bool links;
    // Move the zone to the zonepath of its new name, beside the current one. The dataset keeps its name.
    bool zonepath;
} zmgr_rename_options;

// Options for zmgr_zones_attach() and zmgr_plan_attach().
typedef struct {
    // sizeof(zmgr_attach_options)
    size_t size;
    // Template of a zone without an entry; NULL: `default-template` of config.kdl.
    const char *template_name;
    // Update the zone's packages to those of the host, in place: after an upgrade of the host.
    bool update;
    // Boot at the end.
    bool boot;
    // Take a snapshot of the zone's files first, with the label "before-attach".
    bool snapshot;
} zmgr_attach_options;

// Options for zmgr_templates_refresh() and zmgr_plan_refresh_templates().
typedef struct {
    // sizeof(zmgr_refresh_options)
    size_t size;
    // Remove golden zones on a real host even if what the removal destroys is only inferred.
    bool unproven;
} zmgr_refresh_options;

// Options for zmgr_zones_update() and zmgr_plan_update().
typedef struct {
    // sizeof(zmgr_update_options)
    size_t size;
    // Take no snapshot first: nothing brings the old packages back.
    bool no_snapshot;
    // Shut down running zones, and boot them again with their new packages.
    bool reboot;
    // Update running zones as they run, and zones whose packages become newer than the host's.
    bool force;
} zmgr_update_options;

// Options for zmgr_zones_import() and zmgr_plan_import().
typedef struct {
    // sizeof(zmgr_import_options)
    size_t size;
    // Name of the template; NULL: the best match for each zone's brand, or none.
    const char *template_name;
    // Take over VNICs that look like zmgr's own, so that destroying the zone deletes them.
    bool adopt_links;
    // Adopt without a template; conflicts with template_name.
    bool no_template;
} zmgr_import_options;

// Options for zmgr_apply() and zmgr_plan_apply().
typedef struct {
    // sizeof(zmgr_apply_options)
    size_t size;
    // Also remove settings that are not in the files.
    bool prune;
    // Reboot running zones if a change needs it.
    bool reboot;
    // Create zones again that are in the registry but missing on the host.
    bool recreate;
    // Not 0: take a snapshot of each zone before it is changed, labelled with the time. A size_t, so that it does not lie in the
    // padding of the struct of an older program.
    size_t snapshot;
} zmgr_apply_options;

// Options for zmgr_recover().
typedef struct {
    // sizeof(zmgr_recover_options)
    size_t size;
    // Resume the operation, even if rolling it back would lose less.
    bool resume;
    // Roll back the operation, even if the zone is already installed.
    bool roll_back;
    // Wait for host commands that a killed process left running.
    bool wait;
    // Leave alone what can only be resumed by installing the zone.
    bool skip_installs;
} zmgr_recover_options;

// Options for zmgr_snapshot_rollback() and zmgr_plan_snapshot_rollback().
typedef struct {
    // sizeof(zmgr_rollback_options)
    size_t size;
    // Not 0: destroy later snapshots that zmgr took, which are in the way.
    size_t force;
    // Not 0: act on a real host even if what a step does is only inferred; see `zmgr explain brand`.
    size_t unproven;
} zmgr_rollback_options;

// A fault to inject.
typedef struct {
    // sizeof(zmgr_sim_fault_options)
    size_t size;
    // Program that fails: "zoneadm", "dladm", …
    const char *program;
    // Subcommand that fails: "install", "create-vnic", …; NULL: all.
    const char *subcommand;
    // Zone whose commands fail; NULL: all.
    const char *zone;
    // Text to print on standard error; may be NULL.
    const char *stderr_text;
    // Text to print on standard output; may be NULL.
    const char *stdout_text;
    // Duration of the command in milliseconds; the zone is in its transitional state for that time.
    uint64_t delay_ms;
    // Exit status; the command fails after its first change of state. 0: it does not fail.
    int32_t exit_status;
    // One of zmgr_sim_abort.
    uint32_t abort;
    // Number of times the fault happens; 0: no limit.
    uint32_t times;
    // Panic in the thread of the caller.
    bool panic;
} zmgr_sim_fault_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// ==== Managers ====

// Opens a manager; if `options` is NULL, for this host and the files in /etc/zmgr. Performs no I/O.
// Errors: ZMGR_INVALID_ARGUMENT for options that conflict.
//
// Requires: `options` is NULL or points to options whose `size` is set; `out` to a place for a pointer; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_open(const zmgr_open_options *options, zmgr_manager **out, zmgr_error **error);

// Returns a copy of the manager whose queries (zmgr_zones, zmgr_zone_find, zmgr_check, zmgr_diff, plans, pools) fail with
// ZMGR_CANCELLED once the token is triggered, even while the host does not answer. Operations use only the token in their own run
// options. Close the copy with zmgr_close(); the token may be freed earlier.
// Errors: ZMGR_INVALID_ARGUMENT if one of them is NULL.
//
// Requires: `manager` is a live manager, `cancel` a live token; `out` points to a place for a pointer; `error` is NULL or points to a
// place for a pointer.
zmgr_status zmgr_with_cancel(const zmgr_manager *manager,
                             const zmgr_cancel *cancel,
                             zmgr_manager **out,
                             zmgr_error **error);

// Closes a manager; does nothing if it is NULL. No thread may use it afterwards. Objects that it returned stay valid.
//
// Requires: `manager` is NULL or a manager that no call uses.
void zmgr_close(zmgr_manager *manager);

// Returns the version of the loaded library, such as "0.1.0". The string is static.
const char *zmgr_version(void);

// Returns the version of the loaded library as a number; compare it with ZMGR_VERSION_NUMBER of the header.
uint32_t zmgr_version_number(void);

// ==== Errors and diagnostics ====

// Returns the stable name of a status, such as "not-found"; "ok" for ZMGR_OK; NULL for an unknown number. The string is static.
const char *zmgr_status_name(uint32_t status);

// Returns the status of the failed call; ZMGR_OK for NULL.
//
// Requires: `error` is NULL or a live error.
zmgr_status zmgr_error_code(const zmgr_error *error);

// Returns the status as a stable name, such as "not-found".
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_name(const zmgr_error *error);

// Returns the message: one sentence without full stop, colours or line breaks.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_message(const zmgr_error *error);

// Returns what to do next; NULL if there is no advice.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_help(const zmgr_error *error);

// Returns true if the same call may succeed later without changes.
//
// Requires: `error` is NULL or a live error.
bool zmgr_error_can_retry(const zmgr_error *error);

// Returns the number of diagnostics of the error.
//
// Requires: `error` is NULL or a live error.
size_t zmgr_error_detail_count(const zmgr_error *error);

// Returns diagnostic `index`, which the error owns; NULL if out of range.
//
// Requires: `error` is NULL or a live error.
const zmgr_diagnostic *zmgr_error_detail(const zmgr_error *error, size_t index);

// Returns argument `index` of the failed host command, the program first; NULL if out of range or if no command failed.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_arg(const zmgr_error *error, size_t index);

// Returns the exit status of the failed command; -1 if a signal ended it or if no command failed.
//
// Requires: `error` is NULL or a live error.
int32_t zmgr_error_command_status(const zmgr_error *error);

// Returns the last lines of the command's standard output; NULL if no command failed.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_stdout(const zmgr_error *error);

// Returns the last lines of the command's standard error; NULL if no command failed.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_stderr(const zmgr_error *error);

// Returns the path of the log with all output of the command; NULL if there is none.
//
// Requires: `error` is NULL or a live error.
const char *zmgr_error_command_log(const zmgr_error *error);

// Returns the error as JSON, as `zmgr --json` prints it. Free the text with zmgr_string_free.
//
// Requires: `error` is NULL or a live error.
char *zmgr_error_json(const zmgr_error *error);

// Frees an error; does nothing if it is NULL.
//
// Requires: `error` is NULL or an error that the caller owns, not used afterwards.
void zmgr_error_free(zmgr_error *error);

// Returns the severity of the diagnostic.
//
// Requires: `finding` is NULL or a live diagnostic.
zmgr_severity zmgr_diagnostic_severity(const zmgr_diagnostic *finding);

// Returns the stable name of this kind of diagnostic, such as "unknown-node".
//
// Requires: `finding` is NULL or a live diagnostic.
const char *zmgr_diagnostic_code(const zmgr_diagnostic *finding);

// Returns the message: one sentence.
//
// Requires: `finding` is NULL or a live diagnostic.
const char *zmgr_diagnostic_message(const zmgr_diagnostic *finding);

// Returns the advice for the user; NULL if there is none.
//
// Requires: `finding` is NULL or a live diagnostic.
const char *zmgr_diagnostic_help(const zmgr_diagnostic *finding);

// Returns the file; NULL if the diagnostic is not about a file.
//
// Requires: `finding` is NULL or a live diagnostic.
const char *zmgr_diagnostic_path(const zmgr_diagnostic *finding);

// Returns the line, counted from 1; 0 if unknown.
//
// Requires: `finding` is NULL or a live diagnostic.
uint64_t zmgr_diagnostic_line(const zmgr_diagnostic *finding);

// Returns the column in characters, counted from 1; 0 if unknown.
//
// Requires: `finding` is NULL or a live diagnostic.
uint64_t zmgr_diagnostic_column(const zmgr_diagnostic *finding);

// Returns the text of the line; NULL if the diagnostic has no place.
//
// Requires: `finding` is NULL or a live diagnostic.
const char *zmgr_diagnostic_snippet(const zmgr_diagnostic *finding);

// Returns the number of diagnostics.
//
// Requires: `list` is NULL or a live list.
size_t zmgr_diagnostic_list_len(const zmgr_diagnostic_list *list);

// Returns diagnostic `index`, which the list owns; NULL if out of range.
//
// Requires: `list` is NULL or a live list.
const zmgr_diagnostic *zmgr_diagnostic_list_get(const zmgr_diagnostic_list *list, size_t index);

// Frees a list and its diagnostics; does nothing if it is NULL.
//
// Requires: `list` is NULL or a list that the caller owns, not used afterwards.
void zmgr_diagnostic_list_free(zmgr_diagnostic_list *list);

// Frees a string that this library returned as `char *`; does nothing if it is NULL. Never pass such a string to free().
//
// Requires: `text` is NULL or came from this library as `char *`, and is not used afterwards.
void zmgr_string_free(char *text);

// ==== Zones ====

// Returns the zones that match `query`; if it is NULL, all registered zones. A zone whose file has an error is in the list, with the
// error.
// Errors: ZMGR_NOT_FOUND for a name in the query that is not registered; ZMGR_UNSUPPORTED_HOST and ZMGR_COMMAND_FAILED only for
// ZMGR_QUERY_HOST_REQUIRED.
//
// Requires: `manager` is a live manager; `query` NULL or options whose `size` is set; `out` points to a place for a pointer;
// `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_zones(const zmgr_manager *manager,
                       const zmgr_query *query,
                       zmgr_zone_list **out,
                       zmgr_error **error);

// Returns the zone of this name. Reads one file and queries the host for the status.
// Errors: ZMGR_NOT_FOUND if it is not registered.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place
// for a pointer.
zmgr_status zmgr_zone_find(const zmgr_manager *manager,
                           const char *name,
                           zmgr_zone **out,
                           zmgr_error **error);

// Creates a zone: allocates its addresses, configures and installs it, and boots it if its configuration says so. Rolls back on
// failure, unless `run` or config.kdl says otherwise. `out` may be NULL.
// Errors: ZMGR_EXISTS if the registry or the host already has the zone; ZMGR_NOT_FOUND (the template, the zone to clone);
// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED if the rollback failed too.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; options are NULL or whose `size` is set; `out` and `error` are
// NULL or point to a place for a pointer.
zmgr_status zmgr_zone_create(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_create_options *options,
                             const zmgr_run_options *run,
                             zmgr_zone **out,
                             zmgr_error **error);

// Reinstalls a zone from scratch, keeping its addresses, links and configuration. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_COMMAND_FAILED;
// ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_zone_create.
zmgr_status zmgr_zone_reinstall(const zmgr_manager *manager,
                                const char *name,
                                const zmgr_reinstall_options *options,
                                const zmgr_run_options *run,
                                zmgr_zone **out,
                                zmgr_error **error);

// Destroys a zone and what zmgr created for it: halts and uninstalls it, and deletes its configuration, VNICs and entry.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_COMMAND_FAILED;
// ZMGR_RECOVERY_NEEDED if the zone on the host is not the one that zmgr created.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; options are NULL or whose `size` is set; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_zone_destroy(const zmgr_manager *manager,
                              const char *name,
                              const zmgr_destroy_options *options,
                              const zmgr_run_options *run,
                              zmgr_error **error);

// Removes the entry of a zone from the registry. Does not change the zone on the host.
// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_BUSY while another process works on the zone.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_zone_forget(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_run_options *run,
                             zmgr_error **error);

// Boots a zone and waits until it is running. Does nothing if it is already running.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if it is not installed; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT;
// ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
// points to a place for a pointer. The same holds for halt, shutdown and reboot.
zmgr_status zmgr_zone_boot(const zmgr_manager *manager,
                           const char *name,
                           const zmgr_run_options *run,
                           zmgr_error **error);

// Halts a zone immediately, without running its shutdown scripts. Does nothing if it is already down.
// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_halt(const zmgr_manager *manager,
                           const char *name,
                           const zmgr_halt_options *options,
                           const zmgr_run_options *run,
                           zmgr_error **error);

// Shuts a zone down cleanly and waits until it is down. With `force`, halts it if it does not go down in time.
// Errors: ZMGR_NOT_FOUND; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT if it does not go down in time.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_shutdown(const zmgr_manager *manager,
                               const char *name,
                               const zmgr_halt_options *options,
                               const zmgr_run_options *run,
                               zmgr_error **error);

// Shuts a running zone down cleanly and boots it again. With `force`, halts it instead of shutting it down.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if it is not running; ZMGR_COMMAND_FAILED; ZMGR_TIMED_OUT.
//
// Requires: See zmgr_zone_boot.
zmgr_status zmgr_zone_reboot(const zmgr_manager *manager,
                             const char *name,
                             const zmgr_halt_options *options,
                             const zmgr_run_options *run,
                             zmgr_error **error);

// Runs a command as root inside a running zone. `*status` receives its exit status. The `count` arguments reach the command
// unchanged, without a shell. Returns ZMGR_OK even if the exit status is not 0.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not running or goes down; ZMGR_TIMED_OUT; ZMGR_CANCELLED;
// ZMGR_COMMAND_FAILED if the exit status is unknown.
//
// Requires: `manager` is a live manager; strings end in a NUL; `words` points to `count` texts; `options` is NULL or of the size that it
// states; `status` points to a number; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_zone_exec(const zmgr_manager *manager,
                           const char *name,
                           const char *const *words,
                           size_t count,
                           const zmgr_exec_options *options,
                           int32_t *status,
                           zmgr_error **error);

// Logs in to a zone on the caller's terminal, as `user` (NULL: root). `term` is the terminal type (may be NULL). `*status` receives
// the exit status of the session.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not running.
//
// Requires: `manager` is a live manager; strings end in a NUL; `status` points to a number; `error` is NULL or points to a place for a
// pointer.
zmgr_status zmgr_zone_login(const zmgr_manager *manager,
                            const char *name,
                            const char *user,
                            const char *term,
                            int32_t *status,
                            zmgr_error **error);

// Plans to rename a zone.
// Errors: those of zmgr_zone_rename() that show before it begins.
//
// Requires: `manager` is a live manager; `from` and `to` end in a NUL; `options` is NULL or points to a struct whose `size` is set; `out`
// points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_plan_rename(const zmgr_manager *manager,
                             const char *from,
                             const char *to,
                             const zmgr_rename_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Renames a zone that is down: on the host, in its entry, and in every file that names it. A failure leaves the zone as it was. The
// zone of the report has the new name; its notes say what keeps the old one. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zone is not down; ZMGR_EXISTS if anything has or names the new name, data
// included; ZMGR_CONFIG if a template names its storage after it; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: `manager` is a live manager; `from` and `to` end in a NUL; options are NULL or whose `size` is set; `out` and `error` are NULL or
// point to a place for a pointer.
zmgr_status zmgr_zone_rename(const zmgr_manager *manager,
                             const char *from,
                             const char *to,
                             const zmgr_rename_options *options,
                             const zmgr_run_options *run,
                             zmgr_report **out,
                             zmgr_error **error);

// Plans to detach these zones.
// Errors: those of zmgr_zones_detach() that show before it begins.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_detach(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             zmgr_plan **out,
                             zmgr_error **error);

// Detaches zones that are down, `run->jobs` in parallel: takes them from the host, with their configuration and the VNICs that zmgr
// created, and keeps their files and entries. For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed and down, or does not have one root that the host would
// boot; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_detach(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Plans to attach these zones.
// Errors: those of zmgr_zones_attach() that show before it begins.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_attach(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_attach_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Attaches zones, `run->jobs` in parallel: brings back detached ones with what they had, and makes zones of files that
// zmgr_zone_destroy() kept. A failure leaves the files, and an entry as it was. For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND if no files lie at the zonepath; ZMGR_EXISTS if those that lie there are not the zone's, or it is
// registered; ZMGR_WRONG_STATE if the host could not take them up; ZMGR_COMMAND_FAILED if their packages are older than the
// host's and `update` is not set; ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_attach(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_attach_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Plans to refresh these templates. Changes nothing.
// Errors: those of zmgr_templates_refresh(); ZMGR_EXISTS if an earlier installation is unfinished.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_refresh_templates(const zmgr_manager *manager,
                                        const char *const *names,
                                        size_t count,
                                        const zmgr_refresh_options *options,
                                        zmgr_plan **out,
                                        zmgr_error **error);

// Installs a new golden zone for the present settings of each of these templates, even if there is one of these settings, and then
// removes the golden zones that no zone is cloned from and no template needs. If `count` is 0, only removes. The report has the new
// golden zones, then the removed ones; one that stays because its replacement was not installed is "skipped".
// For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if the zones of a template are not cloned from golden zones; ZMGR_CONFIG;
// ZMGR_UNSUPPORTED_HOST if the brand or the file system of the zones is not there; ZMGR_COMMAND_FAILED if an installation fails;
// ZMGR_RECOVERY_NEEDED if an earlier one is unfinished; ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_templates_refresh(const zmgr_manager *manager,
                                   const char *const *names,
                                   size_t count,
                                   const zmgr_refresh_options *options,
                                   const zmgr_run_options *run,
                                   zmgr_report **out,
                                   zmgr_error **error);

// Plans to update the packages of these zones, or of all that have an image of pkg if `count` is 0.
// Errors: those of zmgr_zones_update() that show before a publisher is asked.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_update(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_update_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Updates the packages of these zones, or of all that have an image of pkg if `count` is 0, `run->jobs` in parallel: in place, while
// the zone is down, after a snapshot. The notes of an outcome name what has changed; its action is "unchanged" if there was no
// update. If pkg fails, the zone is rolled back to the snapshot. For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is running and neither `reboot` nor `force` is set, if its packages would become
// newer than the host's and `force` is not set, if the host boots another boot environment next, or if not exactly one of the zone's
// is active; ZMGR_COMMAND_FAILED if a publisher does not answer or pkg fails; ZMGR_RECOVERY_NEEDED for an unfinished operation;
// ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_update(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_update_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Returns the number of zones in the list.
//
// Requires: `list` is NULL or a live list.
size_t zmgr_zone_list_len(const zmgr_zone_list *list);

// Returns zone `index`, which the list owns; NULL if out of range.
//
// Requires: `list` is NULL or a live list.
const zmgr_zone *zmgr_zone_list_get(const zmgr_zone_list *list, size_t index);

// Frees a list and its zones; does nothing if it is NULL.
//
// Requires: `list` is NULL or a list that the caller owns, not used afterwards.
void zmgr_zone_list_free(zmgr_zone_list *list);

// Frees a zone that a call returned through `out`; does nothing if it is NULL. Do not use it for zones of a list or report.
//
// Requires: `zone` is NULL or a zone that the caller owns, not used afterwards.
void zmgr_zone_free(zmgr_zone *zone);

// Returns the name of the zone.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_name(const zmgr_zone *zone);

// Returns the id of the entry, 32 hex digits; NULL if the zone has not been created yet or is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_id(const zmgr_zone *zone);

// Returns the brand; NULL if unknown.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_brand(const zmgr_zone *zone);

// Returns the name of the template; NULL if it has none.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_template_name(const zmgr_zone *zone);

// Returns the zonepath; NULL if unknown.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_zonepath(const zmgr_zone *zone);

// Returns the state in the registry: "creating", "ready", "destroying", "detached", "failed", "unreadable", "newer"; NULL if the zone has
// not been
// created yet or is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_state(const zmgr_zone *zone);

// Returns the state in the registry as a constant.
//
// Requires: `zone` is NULL or a live zone.
zmgr_state zmgr_zone_get_state(const zmgr_zone *zone);

// Returns the status on the host as a constant.
//
// Requires: `zone` is NULL or a live zone.
zmgr_host_status zmgr_zone_get_status(const zmgr_zone *zone);

// Returns the origin of the entry as a constant.
//
// Requires: `zone` is NULL or a live zone.
zmgr_origin zmgr_zone_get_origin(const zmgr_zone *zone);

// Returns the status on the host: "configured", "incomplete", "installed", "ready", "running", "shutting_down", "down", "absent";
// NULL if the host was not queried, or cannot read the zone.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_status(const zmgr_zone *zone);

// Returns the UUID of the installation; NULL if it is not installed.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_uuid(const zmgr_zone *zone);

// Returns the time of registration in RFC 3339 format; NULL if it is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_created(const zmgr_zone *zone);

// Returns the origin of the entry, "create", "import" or "golden"; NULL if it is not registered.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_origin(const zmgr_zone *zone);

// Returns 1 if the zone boots with the host, 0 if it does not, -1 if unknown.
//
// Requires: `zone` is NULL or a live zone.
int32_t zmgr_zone_autoboot(const zmgr_zone *zone);

// Returns the error in the zone's file, which the zone owns; NULL if there is none.
//
// Requires: `zone` is NULL or a live zone.
const zmgr_diagnostic *zmgr_zone_fault(const zmgr_zone *zone);

// Returns the number of tags.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_tag_count(const zmgr_zone *zone);

// Returns tag `index`; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_tag(const zmgr_zone *zone, size_t index);

// Returns the number of attributes.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_attr_count(const zmgr_zone *zone);

// Returns the name of attribute `index`, sorted by name; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_attr_name(const zmgr_zone *zone, size_t index);

// Returns the value of attribute `index`; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_attr_value(const zmgr_zone *zone, size_t index);

// Returns the number of applied changes that take effect at the next boot.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_pending_count(const zmgr_zone *zone);

// Returns pending change `index`, such as "bootargs"; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_pending(const zmgr_zone *zone, size_t index);

// Returns true if the zone was asked for the addresses that are up in it: it is running and answered.
//
// Requires: `zone` is NULL or a live zone.
bool zmgr_zone_has_up(const zmgr_zone *zone);

// Returns the number of addresses that are up in the zone, without those of its loopback; 0 if it was not asked.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_up_count(const zmgr_zone *zone);

// Returns address `index` of those that are up, such as "10.1.0.10"; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const char *zmgr_zone_up(const zmgr_zone *zone, size_t index);

// Returns the number of nets.
//
// Requires: `zone` is NULL or a live zone.
size_t zmgr_zone_net_count(const zmgr_zone *zone);

// Returns net `index`, which the zone owns; NULL if out of range.
//
// Requires: `zone` is NULL or a live zone.
const zmgr_net *zmgr_zone_net(const zmgr_zone *zone, size_t index);

// Returns the zone as JSON, as `zmgr show --json` prints it. Free the text with zmgr_string_free.
//
// Requires: `zone` is NULL or a live zone.
char *zmgr_zone_json(const zmgr_zone *zone);

// Returns the name of the net within the zone.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_name(const zmgr_net *net);

// Returns the pool of its addresses; NULL if it has none.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_pool(const zmgr_net *net);

// Returns the VNIC of the net; NULL if it has none.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_vnic(const zmgr_net *net);

// Returns the link under the VNIC.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_stub(const zmgr_net *net);

// Returns the MAC address of the VNIC, as dladm prints it.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_mac(const zmgr_net *net);

// Returns the existing link that the net uses instead of a VNIC; NULL if it has a VNIC.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_physical(const zmgr_net *net);

// Returns the VLAN; 0 if it has none.
//
// Requires: `net` is NULL or a live net.
uint32_t zmgr_net_vlan(const zmgr_net *net);

// Returns true if zmgr created the VNIC and may delete it.
//
// Requires: `net` is NULL or a live net.
bool zmgr_net_managed(const zmgr_net *net);

// Returns the number of addresses.
//
// Requires: `net` is NULL or a live net.
size_t zmgr_net_address_count(const zmgr_net *net);

// Returns address `index` with its prefix length, such as "10.1.0.10/24"; NULL if out of range.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_address(const zmgr_net *net, size_t index);

// Returns the gateway of address `index`; NULL if it has none or `index` is out of range.
//
// Requires: `net` is NULL or a live net.
const char *zmgr_net_gateway(const zmgr_net *net, size_t index);

// ==== Several zones ====

// Creates several zones, `run->jobs` in parallel. `*out` receives the report if the operation started, even if some or all of it
// failed. `out` may be NULL.
// Errors: for one name that of zmgr_zone_create; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; options are NULL or whose `size` is set; `out` and
// `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_zones_create(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_create_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Destroys several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_destroy; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_destroy(const zmgr_manager *manager,
                               const char *const *names,
                               size_t count,
                               const zmgr_destroy_options *options,
                               const zmgr_run_options *run,
                               zmgr_report **out,
                               zmgr_error **error);

// Reinstalls several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_reinstall; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_reinstall(const zmgr_manager *manager,
                                 const char *const *names,
                                 size_t count,
                                 const zmgr_reinstall_options *options,
                                 const zmgr_run_options *run,
                                 zmgr_report **out,
                                 zmgr_error **error);

// Boots several zones, `run->jobs` in parallel, and waits until they are running: each once those of them that it comes after have
// started their services. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_boot; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_boot(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_run_options *run,
                            zmgr_report **out,
                            zmgr_error **error);

// Boots every built zone that boots with the host, `run->jobs` in parallel, each once the zones that it comes after have started their
// services. Zones with an unfinished operation are "skipped". For the report see zmgr_zones_create().
// Errors: ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled; of a single zone, that of zmgr_zone_boot.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_boot_all(const zmgr_manager *manager,
                                const zmgr_run_options *run,
                                zmgr_report **out,
                                zmgr_error **error);

// Shuts down every built zone of the registry, `run->jobs` in parallel, each once the zones that come after it are down. Zones with an
// unfinished operation are "skipped". For the report see zmgr_zones_create().
// Errors: ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled; of a single zone, that of zmgr_zone_shutdown.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_shutdown_all(const zmgr_manager *manager,
                                    const zmgr_halt_options *options,
                                    const zmgr_run_options *run,
                                    zmgr_report **out,
                                    zmgr_error **error);

// Halts several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_halt; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_halt(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_halt_options *options,
                            const zmgr_run_options *run,
                            zmgr_report **out,
                            zmgr_error **error);

// Shuts several zones down, `run->jobs` in parallel, each once those of them that come after it are down. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_shutdown; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_shutdown(const zmgr_manager *manager,
                                const char *const *names,
                                size_t count,
                                const zmgr_halt_options *options,
                                const zmgr_run_options *run,
                                zmgr_report **out,
                                zmgr_error **error);

// Reboots several zones, `run->jobs` in parallel. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_reboot; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were cancelled.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_reboot(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_halt_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Adds zones of the host to the registry without changing the host. If `count` is 0, all zones of the host: the actions in the
// report are "adopted" and "skipped", and a note gives the reason for skipping. For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND for a name that the host does not have; ZMGR_EXISTS for one that is registered; ZMGR_PARTIAL if
// any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_import(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_import_options *options,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Removes the entries of several zones from the registry, and nothing else. For the report see zmgr_zones_create().
// Errors: for one name that of zmgr_zone_forget; for several ZMGR_PARTIAL if any failed, ZMGR_CANCELLED if all were stopped.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_zones_forget(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_run_options *run,
                              zmgr_report **out,
                              zmgr_error **error);

// Makes the host match the files of these zones (if `count` is 0: of all): creates zones that are not built yet and changes what
// differs. Leaves settings that are not in the files unless `prune` is set. The report as in zmgr_zones_create; its actions are
// "created", "applied", "recreated" and "unchanged".
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that is unreadable; ZMGR_RECOVERY_NEEDED for an unfinished operation;
// those of zmgr_zone_create() for zones that are created; ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_apply(const zmgr_manager *manager,
                       const char *const *names,
                       size_t count,
                       const zmgr_apply_options *options,
                       const zmgr_run_options *run,
                       zmgr_report **out,
                       zmgr_error **error);

// Recovers interrupted operations of these zones (if `count` is 0: of all). Each is resumed or rolled back, whichever loses less.
// For the report see zmgr_zones_create().
// Errors: ZMGR_NOT_FOUND; ZMGR_BUSY for a zone that another process works on; ZMGR_RECOVERY_NEEDED if you have to choose the
// direction (`resume` or `roll_back`); ZMGR_PARTIAL if any of several failed.
//
// Requires: As for zmgr_zones_create.
zmgr_status zmgr_recover(const zmgr_manager *manager,
                         const char *const *names,
                         size_t count,
                         const zmgr_recover_options *options,
                         const zmgr_run_options *run,
                         zmgr_report **out,
                         zmgr_error **error);

// ==== Plans ====

// Plans the creation of these zones.
// Errors: the foreseeable ones of zmgr_zone_create(): ZMGR_EXISTS, ZMGR_NOT_FOUND (a template, the zone to clone), ZMGR_CONFIG,
// ZMGR_POOL_EXHAUSTED, ZMGR_ADDRESS_IN_USE, ZMGR_UNSUPPORTED_HOST.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; `options` is NULL or points to a struct whose `size` is set;
// `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_plan_create(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_create_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Plans the destruction of these zones.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_destroy(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              const zmgr_destroy_options *options,
                              zmgr_plan **out,
                              zmgr_error **error);

// Plans the boot of these zones, in the order of `after`; if `count` is 0, of those of zmgr_zones_boot_all(). A running zone has no step.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed; ZMGR_CONFIG for zones that come after each other in a circle;
// ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_boot(const zmgr_manager *manager,
                           const char *const *names,
                           size_t count,
                           zmgr_plan **out,
                           zmgr_error **error);

// Plans the shutdown of these zones, in the reverse order of `after`; if `count` is 0, of those of zmgr_zones_shutdown_all().
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if a zone is not installed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_shutdown(const zmgr_manager *manager,
                               const char *const *names,
                               size_t count,
                               const zmgr_halt_options *options,
                               zmgr_plan **out,
                               zmgr_error **error);

// Plans the reinstallation of these zones.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if `force` is needed; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_reinstall(const zmgr_manager *manager,
                                const char *const *names,
                                size_t count,
                                const zmgr_reinstall_options *options,
                                zmgr_plan **out,
                                zmgr_error **error);

// Plans the import of these zones; if `count` is 0, of all zones of the host.
// Errors: ZMGR_NOT_FOUND (a zone that the host does not have, a template); ZMGR_EXISTS for one that is registered.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_import(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             const zmgr_import_options *options,
                             zmgr_plan **out,
                             zmgr_error **error);

// Plans the removal of these zones' entries from the registry. The notes of a change list what is lost with the entry.
// Errors: ZMGR_NOT_FOUND; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_forget(const zmgr_manager *manager,
                             const char *const *names,
                             size_t count,
                             zmgr_plan **out,
                             zmgr_error **error);

// Plans the changes that make the host match the files of these zones; if `count` is 0, of all zones.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for a zone's file that is unreadable; ZMGR_RECOVERY_NEEDED for an unfinished operation.
//
// Requires: As for zmgr_plan_create.
zmgr_status zmgr_plan_apply(const zmgr_manager *manager,
                            const char *const *names,
                            size_t count,
                            const zmgr_apply_options *options,
                            zmgr_plan **out,
                            zmgr_error **error);

// Runs a plan, unless its basis has changed. `*out` receives the report if the plan was run, even if some or all of it failed. `out`
// may be NULL.
// Errors: ZMGR_STALE_PLAN, in which case nothing was done; those of the planned operation.
//
// Requires: `manager` is a live manager, `plan` a live plan; `run` is NULL or points to a struct whose `size` is set; `out` and `error` are
// NULL or point to a place for a pointer.
zmgr_status zmgr_plan_run(const zmgr_manager *manager,
                          const zmgr_plan *plan,
                          const zmgr_run_options *run,
                          zmgr_report **out,
                          zmgr_error **error);

// Returns the operation that the plan describes.
//
// Requires: `plan` is NULL or a live plan.
zmgr_operation zmgr_plan_get_operation(const zmgr_plan *plan);

// Returns the plan as JSON. Free the text with zmgr_string_free.
//
// Requires: `plan` is NULL or a live plan.
char *zmgr_plan_json(const zmgr_plan *plan);

// Returns the commands and files of the plan as readable text. Free the text with zmgr_string_free.
//
// Requires: `plan` is NULL or a live plan.
char *zmgr_plan_text(const zmgr_plan *plan);

// Reads a plan from JSON, which another process or host may have written. The plan is validated when it runs.
// Errors: ZMGR_INVALID_ARGUMENT if the JSON is not a plan.
//
// Requires: `json` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_plan_from_json(const char *json, zmgr_plan **out, zmgr_error **error);

// Returns the SHA-256 of the plan as 64 hex digits. Plans with the same digest are equal.
//
// Requires: `plan` is NULL or a live plan.
const char *zmgr_plan_digest(const zmgr_plan *plan);

// Returns true if the plan changes nothing.
//
// Requires: `plan` is NULL or a live plan.
bool zmgr_plan_is_empty(const zmgr_plan *plan);

// Frees a plan; does nothing if it is NULL.
//
// Requires: `plan` is NULL or a plan that the caller owns, not used afterwards.
void zmgr_plan_free(zmgr_plan *plan);

// ==== Progress, cancellation and reports ====

// Returns the kind of the event.
//
// Requires: `event` is NULL or the event of the running callback; the same holds for the functions below.
zmgr_event_kind zmgr_event_get_kind(const zmgr_event *event);

// Returns the name of the zone.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_zone(const zmgr_event *event);

// Returns the id of the step within the plan, such as "install"; empty for events of the whole zone.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_step(const zmgr_event *event);

// Returns the number of the step, counted from 1; 0 for events of the whole zone.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_position(const zmgr_event *event);

// Returns the number of steps; 0 if it is not known.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_steps(const zmgr_event *event);

// Returns the number of zones of the operation that have finished, this event included.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_zones_done(const zmgr_event *event);

// Returns the number of zones of the operation.
//
// Requires: See zmgr_event_get_kind.
size_t zmgr_event_zones(const zmgr_event *event);

// Returns the message of the event; NULL if it has none.
//
// Requires: See zmgr_event_get_kind.
const char *zmgr_event_message(const zmgr_event *event);

// Returns the time that the step or command has taken, in milliseconds.
//
// Requires: See zmgr_event_get_kind.
uint64_t zmgr_event_elapsed_ms(const zmgr_event *event);

// Returns false if the step, or the operation on the zone, failed.
//
// Requires: See zmgr_event_get_kind.
bool zmgr_event_ok(const zmgr_event *event);

// Creates a token that has not been triggered.
zmgr_cancel *zmgr_cancel_new(void);

// Cancels the calls that use the token: they roll back and return ZMGR_CANCELLED. A second request stops the rollback too;
// zmgr_recover() can finish it. Async-signal-safe: takes no lock and allocates no memory.
//
// Requires: `cancel` is NULL or a live token.
void zmgr_cancel_request(const zmgr_cancel *cancel);

// Returns true if zmgr_cancel_request() was called for the token.
//
// Requires: `cancel` is NULL or a live token.
bool zmgr_cancel_is_requested(const zmgr_cancel *cancel);

// Frees a token; does nothing if it is NULL.
//
// Requires: `cancel` is NULL or a token that the caller owns that no call uses.
void zmgr_cancel_free(zmgr_cancel *cancel);

// Returns the number of zones in the report.
//
// Requires: `report` is NULL or a live report; the same holds for the functions below.
size_t zmgr_report_len(const zmgr_report *report);

// Returns the name of zone `index`; NULL if out of range.
//
// Requires: See zmgr_report_len.
const char *zmgr_report_name(const zmgr_report *report, size_t index);

// Returns what was done to zone `index`: "created", "destroyed", "adopted", "skipped", …; "failed" if it has an error; NULL if out of
// range.
//
// Requires: See zmgr_report_len.
const char *zmgr_report_action(const zmgr_report *report,
                               size_t index);

// Returns what was done to zone `index` as a constant; ZMGR_ACTION_FAILED if it has an error, ZMGR_ACTION_OTHER if out of range.
//
// Requires: See zmgr_report_len.
zmgr_action zmgr_report_get_action(const zmgr_report *report,
                                   size_t index);

// Returns the status of zone `index`; ZMGR_INVALID_ARGUMENT if out of range.
//
// Requires: See zmgr_report_len.
zmgr_status zmgr_report_status(const zmgr_report *report, size_t index);

// Returns the error of zone `index`, which the report owns; NULL if it succeeded.
//
// Requires: See zmgr_report_len.
const zmgr_error *zmgr_report_error(const zmgr_report *report, size_t index);

// Returns the resulting zone, which the report owns; NULL if the zone is gone or failed.
//
// Requires: See zmgr_report_len.
const zmgr_zone *zmgr_report_zone(const zmgr_report *report, size_t index);

// Returns note `note` on zone `index`: information for the user that did not stop the operation; NULL if out of range.
//
// Requires: See zmgr_report_len.
const char *zmgr_report_note(const zmgr_report *report, size_t index, size_t note);

// Frees a report with its zones and errors; does nothing if it is NULL.
//
// Requires: `report` is NULL or a report that the caller owns, not used afterwards.
void zmgr_report_free(zmgr_report *report);

// ==== Snapshots ====

// Lists the snapshots that zmgr took of these zones (if `count` is 0: of all), by zone, oldest first, as a list of maps with the keys
// of `zmgr snapshot list --json`. Changes nothing.
// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
// so too.
zmgr_status zmgr_snapshots(const zmgr_manager *manager,
                           const char *const *names,
                           size_t count,
                           zmgr_value **out,
                           zmgr_error **error);

// Takes a snapshot of a zone's own files and keeps a copy of its configuration file beside it. If `label` is NULL, the label is the
// time. `*out` receives a map with the keys of `zmgr snapshot create --json`; its "excluded" says what is not in the snapshot. `out`
// may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_EXISTS if the zone has a snapshot of this label; ZMGR_WRONG_STATE if the zone has no files;
// ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_CANCELLED.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `label` is NULL or does so too; `run` is NULL or points to a struct whose `size`
// is set; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_snapshot_create(const zmgr_manager *manager,
                                 const char *name,
                                 const char *label,
                                 const zmgr_run_options *run,
                                 zmgr_value **out,
                                 zmgr_error **error);

// Deletes a snapshot that zmgr took.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if something was cloned from it or holds it; ZMGR_COMMAND_FAILED; ZMGR_RECOVERY_NEEDED
// for an unfinished operation.
//
// Requires: `manager` is a live manager; `name` and `label` end in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is
// NULL or points to a place for a pointer.
zmgr_status zmgr_snapshot_delete(const zmgr_manager *manager,
                                 const char *name,
                                 const char *label,
                                 const zmgr_run_options *run,
                                 zmgr_error **error);

// Makes a zone's own files what they were when a snapshot was taken. Shuts a running zone down and boots it again. The notes in the
// report say what is lost and what is not rolled back. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE if something is in the way; ZMGR_COMMAND_FAILED; ZMGR_UNSUPPORTED_HOST if `unproven` is
// needed; ZMGR_RECOVERY_NEEDED for an unfinished operation; ZMGR_CANCELLED.
//
// Requires: `manager` is a live manager; `name` and `label` end in a NUL; `options` and `run` are NULL or point to structs whose `size` is set;
// `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_snapshot_rollback(const zmgr_manager *manager,
                                   const char *name,
                                   const char *label,
                                   const zmgr_rollback_options *options,
                                   const zmgr_run_options *run,
                                   zmgr_report **out,
                                   zmgr_error **error);

// Plans a snapshot of a zone; see zmgr_snapshot_create().
// Errors: ZMGR_NOT_FOUND; ZMGR_EXISTS if the zone has a snapshot of this label; ZMGR_WRONG_STATE; ZMGR_RECOVERY_NEEDED.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `label` is NULL or does so too; `out` points to a place for a pointer; `error` is
// NULL or does so too.
zmgr_status zmgr_plan_snapshot_create(const zmgr_manager *manager,
                                      const char *name,
                                      const char *label,
                                      zmgr_plan **out,
                                      zmgr_error **error);

// Plans to delete a snapshot; see zmgr_snapshot_delete().
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE; ZMGR_RECOVERY_NEEDED.
//
// Requires: `manager` is a live manager; `name` and `label` end in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_plan_snapshot_delete(const zmgr_manager *manager,
                                      const char *name,
                                      const char *label,
                                      zmgr_plan **out,
                                      zmgr_error **error);

// Plans to roll a zone back; see zmgr_snapshot_rollback(). The notes say what is lost, what is not rolled back, and how the zone's file
// has changed since.
// Errors: ZMGR_NOT_FOUND; ZMGR_WRONG_STATE; ZMGR_UNSUPPORTED_HOST; ZMGR_RECOVERY_NEEDED.
//
// Requires: `manager` is a live manager; `name` and `label` end in a NUL; `options` is NULL or points to a struct whose `size` is set; `out`
// points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_plan_snapshot_rollback(const zmgr_manager *manager,
                                        const char *name,
                                        const char *label,
                                        const zmgr_rollback_options *options,
                                        zmgr_plan **out,
                                        zmgr_error **error);

// ==== Configuration files ====

// Writes commented starter configuration files. Never overwrites a file. `*out` receives the list of files written; `out` may be
// NULL.
// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
//
// Requires: `manager` is a live manager; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_init(const zmgr_manager *manager,
                      zmgr_value **out,
                      zmgr_error **error);

// Returns the global settings as a map; times are in seconds.
// Errors: ZMGR_CONFIG for an error in config.kdl.
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_config(const zmgr_manager *manager,
                        zmgr_value **out,
                        zmgr_error **error);

// Returns the template of this name as a map; if `name` is NULL, a list of all templates by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
//
// Requires: `manager` is a live manager; `name` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so
// too.
zmgr_status zmgr_templates(const zmgr_manager *manager,
                           const char *name,
                           zmgr_value **out,
                           zmgr_error **error);

// Returns the pool of this name as a map; if `name` is NULL, a list of all pools by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
//
// Requires: As for zmgr_templates.
zmgr_status zmgr_pools(const zmgr_manager *manager, const char *name, zmgr_value **out, zmgr_error **error);

// Returns the publisher of this name as a map; if `name` is NULL, a list of all publishers by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a file that is read.
//
// Requires: As for zmgr_templates.
zmgr_status zmgr_publishers(const zmgr_manager *manager, const char *name, zmgr_value **out, zmgr_error **error);

// Returns the resolved desired state (spec) of a zone. Each value from a configuration file is a map of "value" and "source" (its
// file and line).
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in the zone's file or in a file that it depends on.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place
// for a pointer.
zmgr_status zmgr_zone_spec(const zmgr_manager *manager,
                           const char *name,
                           zmgr_value **out,
                           zmgr_error **error);

// Replaces the text of a configuration file, by its path below the root such as "pools/internal.kdl", and keeps its mode and owner.
// `was` is the text that the change is based on; NULL creates a file that must not exist. Only the file changes; zmgr_apply()
// changes the host. Uses only `cancel` of `run`. `*out` receives the warnings about the new text; `out` may be NULL.
// Errors: after any of them nothing is written. ZMGR_CONFIG if the file would not be valid, or if another file would get an error that it
// does not have now; ZMGR_STALE_PLAN if the text on disk is not `was`; ZMGR_EXISTS; ZMGR_NOT_FOUND; ZMGR_INVALID_ARGUMENT for
// another path, or a text that changes what only zmgr writes; ZMGR_BUSY and ZMGR_CANCELLED while another process has the lock.
//
// Requires: `manager` is a live manager; `path` and `text` end in a NUL; `was` is NULL or ends in a NUL; `run` is NULL or points to a struct
// whose `size` is set; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_file_write(const zmgr_manager *manager,
                            const char *path,
                            const char *text,
                            const char *was,
                            const zmgr_run_options *run,
                            zmgr_diagnostic_list **out,
                            zmgr_error **error);

// Checks all configuration files and, if the host can be queried, what they need on the host. Returns ZMGR_OK even if there are
// findings.
// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_check(const zmgr_manager *manager,
                       zmgr_diagnostic_list **out,
                       zmgr_error **error);

// Compares these zones (if `count` is 0: all) with their files. Returns a list of maps with the keys of `zmgr diff --json`. Changes
// nothing. A zone whose files have errors is in the list with the error. On a machine that cannot manage zones, the same as
// zmgr_diff_offline().
// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST if there is no tree either.
//
// Requires: `manager` is a live manager; `names` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or does
// so too.
zmgr_status zmgr_diff(const zmgr_manager *manager,
                      const char *const *names,
                      size_t count,
                      zmgr_value **out,
                      zmgr_error **error);

// Compares these zones (if `count` is 0: all) with their files without querying the host: desired with applied state. Needs no
// host. Returns a list as in zmgr_diff(); `unchecked` is true in each map.
// Errors: ZMGR_NOT_FOUND for a name that is not registered; ZMGR_UNSUPPORTED_HOST if there is neither a host nor a tree.
//
// Requires: See zmgr_diff.
zmgr_status zmgr_diff_offline(const zmgr_manager *manager,
                              const char *const *names,
                              size_t count,
                              zmgr_value **out,
                              zmgr_error **error);

// Changes settings in a zone's file: strings such as "attr.owner=alice" or "capped-memory.physical=2G"; an empty value removes the
// zone's own setting. Only the file changes; zmgr_apply() changes the host. Uses only `cancel` of `run`. `out` may be NULL.
// Errors: ZMGR_NOT_FOUND; ZMGR_INVALID_ARGUMENT for an invalid key or value, in which case nothing changes; ZMGR_CONFIG if the file
// is unreadable; ZMGR_BUSY and ZMGR_CANCELLED while another process works on the zone.
//
// Requires: `manager` is a live manager; `name` ends in a NUL; `pairs` points to `count` texts; `run` is NULL or points to a struct whose
// `size` is set; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_zone_set(const zmgr_manager *manager,
                          const char *name,
                          const char *const *pairs,
                          size_t count,
                          const zmgr_run_options *run,
                          zmgr_zone **out,
                          zmgr_error **error);

// ==== Pools and addresses ====

// Reserves one address of each family of a pool for `owner`, or the address `wanted` (NULL: the next free ones). The reservation is
// on disk when the call returns. A repeated call for the same owner returns the same addresses. Uses only `cancel` of `run`. `out`
// may be NULL.
// Errors: ZMGR_NOT_FOUND (the pool); ZMGR_EXISTS if the owner holds another address than `wanted`, or is a zone;
// ZMGR_POOL_EXHAUSTED; ZMGR_ADDRESS_IN_USE; ZMGR_INVALID_ARGUMENT for an address that the pool never allocates; ZMGR_CONFIG for
// an error in a configuration file that is needed; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
//
// Requires: `manager` is a live manager; strings end in a NUL; `wanted` may be NULL; `run` is NULL or points to a struct whose `size` is
// set; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_address_allocate(const zmgr_manager *manager,
                                  const char *pool,
                                  const char *owner,
                                  const char *wanted,
                                  const zmgr_run_options *run,
                                  zmgr_address_list **out,
                                  zmgr_error **error);

// Reserves addresses for `count` owners in one step: for all of them or for none. `*out` receives a list of maps with the keys of
// `zmgr pool allocate --json`, in the order of the owners. `out` may be NULL.
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

// Releases what `owner` holds in a pool, or only `address` (NULL: all). With `id` (may be NULL), only if the reservation has this
// id, so that a later reservation of the same name is left alone. Uses only `cancel` of `run`.
// Errors: ZMGR_NOT_FOUND if the owner does not hold it; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
//
// Requires: `manager` is a live manager; strings end in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_address_release(const zmgr_manager *manager,
                                 const char *pool,
                                 const char *owner,
                                 const char *address,
                                 const char *id,
                                 const zmgr_run_options *run,
                                 zmgr_error **error);

// Returns the use of a pool and the holders of its addresses as a map with the keys of `zmgr pool show --json`; if `pool` is NULL,
// a list of all pools by name.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a pool's file.
//
// Requires: `manager` is a live manager; `pool` is NULL or ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does
// so too.
zmgr_status zmgr_pool_usage(const zmgr_manager *manager,
                            const char *pool,
                            zmgr_value **out,
                            zmgr_error **error);

// Checks the addresses of a pool (NULL: of all pools): addresses held twice, held against the pool's rules, or outside every pool.
// Always queries the host. Returns ZMGR_OK even if there are findings.
// Errors: ZMGR_NOT_FOUND; ZMGR_CONFIG for an error in a pool's file; ZMGR_UNSUPPORTED_HOST.
//
// Requires: As for zmgr_pool_usage.
zmgr_status zmgr_pool_check(const zmgr_manager *manager,
                            const char *pool,
                            zmgr_diagnostic_list **out,
                            zmgr_error **error);

// Finds who holds an address (with or without prefix length), a MAC address, a link or a name, why, and where it is written. Returns
// a map with the keys of `zmgr find --json`; if nothing holds it, "holdings" is empty.
// Errors: ZMGR_INVALID_ARGUMENT for a text that can be none of them.
//
// Requires: `manager` is a live manager; `what` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_find(const zmgr_manager *manager,
                      const char *what,
                      zmgr_value **out,
                      zmgr_error **error);

// Returns the number of addresses.
//
// Requires: `list` is NULL or a live list; the same holds for the functions below.
size_t zmgr_address_list_len(const zmgr_address_list *list);

// Returns address `index` with its prefix length, such as "10.1.0.10/24"; NULL if out of range.
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_get(const zmgr_address_list *list, size_t index);

// Returns the gateway of address `index`; NULL if it has none or `index` is out of range.
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_gateway(const zmgr_address_list *list, size_t index);

// Returns the id of the reservation, which differs from earlier and later ones of the same name; see zmgr_address_release().
//
// Requires: See zmgr_address_list_len.
const char *zmgr_address_list_id(const zmgr_address_list *list);

// Frees a list; does nothing if it is NULL.
//
// Requires: `list` is NULL or a list that the caller owns, not used afterwards.
void zmgr_address_list_free(zmgr_address_list *list);

// ==== Diagnosis of the host ====

// Checks whether the host can be managed: distribution, brands, commands and what they print, datasets, links, privileges, known
// bugs of the platform, and the boot environments of every zone. Changes nothing. Returns ZMGR_OK on a machine that cannot manage
// zones, too: see zmgr_diagnosis_can_manage().
// Errors: ZMGR_CANCELLED.
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_doctor(const zmgr_manager *manager,
                        zmgr_diagnosis **out,
                        zmgr_error **error);

// Returns true if zmgr can manage zones on the host: no item has the level ZMGR_DIAGNOSIS_LEVEL_ERROR.
//
// Requires: `diagnosis` is NULL or live; the same holds for the functions below.
bool zmgr_diagnosis_can_manage(const zmgr_diagnosis *diagnosis);

// Returns true if the host is simulated.
//
// Requires: See zmgr_diagnosis_can_manage.
bool zmgr_diagnosis_simulated(const zmgr_diagnosis *diagnosis);

// Returns the distribution: "openindiana", "omnios", "smartos", or "illumos" for any other.
//
// Requires: See zmgr_diagnosis_can_manage.
const char *zmgr_diagnosis_distribution(const zmgr_diagnosis *diagnosis);

// Returns the first line of /etc/release; NULL if there is none.
//
// Requires: See zmgr_diagnosis_can_manage.
const char *zmgr_diagnosis_release(const zmgr_diagnosis *diagnosis);

// Returns VERSION_ID of /etc/os-release; NULL if there is none.
//
// Requires: See zmgr_diagnosis_can_manage.
const char *zmgr_diagnosis_version(const zmgr_diagnosis *diagnosis);

// Returns system, release and version that uname prints; NULL if unknown.
//
// Requires: See zmgr_diagnosis_can_manage.
const char *zmgr_diagnosis_kernel(const zmgr_diagnosis *diagnosis);

// Returns the number of items.
//
// Requires: See zmgr_diagnosis_can_manage.
size_t zmgr_diagnosis_len(const zmgr_diagnosis *diagnosis);

// Returns item `index`, by area; NULL if out of range. The diagnosis owns it.
//
// Requires: See zmgr_diagnosis_can_manage.
const zmgr_diagnosis_item *zmgr_diagnosis_get(const zmgr_diagnosis *diagnosis, size_t index);

// Returns the diagnosis as JSON, as `zmgr doctor --json` prints it. Free it with zmgr_string_free().
//
// Requires: See zmgr_diagnosis_can_manage.
char *zmgr_diagnosis_json(const zmgr_diagnosis *diagnosis);

// Frees a diagnosis and its items; does nothing if it is NULL.
//
// Requires: `diagnosis` is NULL or live, and not used afterwards.
void zmgr_diagnosis_free(zmgr_diagnosis *diagnosis);

// Returns the part of the host that the item is about.
//
// Requires: `item` is NULL or an item of a live diagnosis; the same holds for the functions below.
zmgr_diagnosis_area zmgr_diagnosis_item_get_area(const zmgr_diagnosis_item *item);

// Returns the kind of the item.
//
// Requires: See zmgr_diagnosis_item_get_area.
zmgr_diagnosis_kind zmgr_diagnosis_item_get_kind(const zmgr_diagnosis_item *item);

// Returns the severity of the item.
//
// Requires: See zmgr_diagnosis_item_get_area.
zmgr_diagnosis_level zmgr_diagnosis_item_get_level(const zmgr_diagnosis_item *item);

// Returns the name of the command, brand, dataset, pool or zone that the item is about; may be empty.
//
// Requires: See zmgr_diagnosis_item_get_area.
const char *zmgr_diagnosis_item_subject(const zmgr_diagnosis_item *item);

// Returns the message: a sentence without a full stop.
//
// Requires: See zmgr_diagnosis_item_get_area.
const char *zmgr_diagnosis_item_message(const zmgr_diagnosis_item *item);

// Returns the advice for the user; NULL if there is none.
//
// Requires: See zmgr_diagnosis_item_get_area.
const char *zmgr_diagnosis_item_help(const zmgr_diagnosis_item *item);

// Returns the evidence: "recorded", "ran", "read" or "inferred"; NULL if the item is not about what illumos does.
//
// Requires: See zmgr_diagnosis_item_get_area.
const char *zmgr_diagnosis_item_evidence(const zmgr_diagnosis_item *item);

// ==== Fleets of hosts ====

// Compares `count` trees (directories such as "h1/etc/zmgr"), one per host. Reads files only; needs no manager and no host.
// `out` receives a diagnostic for each address or MAC address that is held twice, each pool that differs between hosts and each
// file that cannot be read (errors), and for each zone name that two hosts use (warnings). Returns ZMGR_OK even if there are
// findings.
// Errors: ZMGR_INVALID_ARGUMENT if `count` is 0; ZMGR_NOT_FOUND if a tree does not exist; ZMGR_IO.
//
// Requires: `trees` points to `count` texts; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_fleet_check(const char *const *trees,
                             size_t count,
                             zmgr_diagnostic_list **out,
                             zmgr_error **error);

// Lists the zones of `count` trees, one tree per host: a list of maps with the keys "host", "name", "id", "template",
// "addresses", "macs" and "file", by host in the order of the trees, then by name.
// Errors: as for zmgr_fleet_check.
//
// Requires: As for zmgr_fleet_check.
zmgr_status zmgr_fleet_list(const char *const *trees, size_t count, zmgr_value **out, zmgr_error **error);

// Compares this host with the fleet whose store `store` in config.kdl names. `out` receives a map with the keys of
// `zmgr fleet status --json`. Changes nothing.
// Errors: ZMGR_CONFIG without a store; ZMGR_STORE_UNREACHABLE.
//
// Requires: `manager` is a live manager; `out` points to a place for a pointer; `error` is NULL or does so too.
zmgr_status zmgr_fleet_status(const zmgr_manager *manager, zmgr_value **out, zmgr_error **error);

// Joins the fleet: claims everything that the entries of this host hold, or nothing. Uses only `cancel` of `run`. `out` (may be
// NULL) receives the status, as zmgr_fleet_status() returns it.
// Errors: ZMGR_ADDRESS_IN_USE with a detail for each thing that another host holds; ZMGR_WRONG_STATE if another host of this name is
// a member; ZMGR_CONFIG; ZMGR_STORE_UNREACHABLE; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
//
// Requires: `manager` is a live manager; `run` is NULL or points to a struct whose `size` is set; `out` and `error` are NULL or point to a
// place for a pointer.
zmgr_status zmgr_fleet_join(const zmgr_manager *manager,
                            const zmgr_run_options *run,
                            zmgr_value **out,
                            zmgr_error **error);

// Makes this host's definition of a shared pool the fleet's, if every address that is held still fits. Uses only `cancel` of `run`.
// Errors: ZMGR_NOT_FOUND if the pool is not shared; ZMGR_WRONG_STATE with a detail for each address that does not fit; ZMGR_CONFIG;
// ZMGR_STORE_UNREACHABLE; ZMGR_BUSY and ZMGR_CANCELLED while another process changes the registry.
//
// Requires: `manager` is a live manager; `pool` ends in a NUL; `run` is NULL or points to a struct whose `size` is set; `error` is NULL or
// points to a place for a pointer.
zmgr_status zmgr_fleet_push(const zmgr_manager *manager,
                            const char *pool,
                            const zmgr_run_options *run,
                            zmgr_error **error);

// Forgets a host that is gone for good: what it holds becomes free, and its claims are refused until it joins again. `out` (may be
// NULL) receives a list of what is free now: maps with the keys "kind", "value", "segment", "host" and "holder".
// Errors: ZMGR_NOT_FOUND if the fleet has no such host; ZMGR_WRONG_STATE if it joined again in the meantime; ZMGR_CONFIG;
// ZMGR_STORE_UNREACHABLE.
//
// Requires: `manager` is a live manager; `host` ends in a NUL; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_fleet_forget(const zmgr_manager *manager,
                              const char *host,
                              zmgr_value **out,
                              zmgr_error **error);

// ==== Values ====

// Returns the kind of a value; ZMGR_VALUE_NULL for NULL.
//
// Requires: `value` is NULL or a live value; the same holds for the functions below.
zmgr_value_kind zmgr_value_get_kind(const zmgr_value *value);

// Returns the value of a ZMGR_VALUE_BOOL; false for other kinds.
//
// Requires: See zmgr_value_get_kind.
bool zmgr_value_bool(const zmgr_value *value);

// Returns the value of a ZMGR_VALUE_INTEGER; 0 for other kinds. A number that does not fit into int64_t is a ZMGR_VALUE_TEXT of its
// digits.
//
// Requires: See zmgr_value_get_kind.
int64_t zmgr_value_integer(const zmgr_value *value);

// Returns the text of a ZMGR_VALUE_TEXT; NULL for other kinds.
//
// Requires: See zmgr_value_get_kind.
const char *zmgr_value_text(const zmgr_value *value);

// Returns the number of members of a list or map; 0 for other kinds.
//
// Requires: See zmgr_value_get_kind.
size_t zmgr_value_len(const zmgr_value *value);

// Returns member `index` of a list or map; NULL if out of range.
//
// Requires: See zmgr_value_get_kind.
const zmgr_value *zmgr_value_at(const zmgr_value *value, size_t index);

// Returns the key of member `index` of a map; NULL if out of range.
//
// Requires: See zmgr_value_get_kind.
const char *zmgr_value_key(const zmgr_value *value, size_t index);

// Returns the member of a map with this key; NULL if there is none.
//
// Requires: See zmgr_value_get_kind; `key` is NULL or ends in a NUL.
const zmgr_value *zmgr_value_get(const zmgr_value *value, const char *key);

// Returns the value as JSON. Free the text with zmgr_string_free.
//
// Requires: See zmgr_value_get_kind.
char *zmgr_value_json(const zmgr_value *value);

// Frees a value that a call returned through `out`; does nothing if it is NULL.
//
// Requires: `value` is NULL or a value that the caller owns, not used afterwards, and not a member of another.
void zmgr_value_free(zmgr_value *value);

// ==== Logs ====

// Returns the severity of a record.
//
// Requires: `record` is NULL or the record of the running callback; the same holds for the functions below.
zmgr_log_level zmgr_log_record_get_level(const zmgr_log_record *record);

// Returns what happened, such as "started", "step done" or "command".
//
// Requires: See zmgr_log_record_get_level.
const char *zmgr_log_record_message(const zmgr_log_record *record);

// Returns message and details on one line.
//
// Requires: See zmgr_log_record_get_level.
const char *zmgr_log_record_line(const zmgr_log_record *record);

// Returns the detail of this name, such as "zone" or "command"; NULL if the record has none.
//
// Requires: See zmgr_log_record_get_level; `name` is NULL or ends in a NUL.
const char *zmgr_log_record_field(const zmgr_log_record *record, const char *name);

// ==== Simulated hosts ====

// Creates a simulated host in `directory`, which is created if missing. `dialect` is "illumos", "openindiana", "omnios" or
// "smartos"; NULL is "openindiana". `out` may be NULL.
// Errors: ZMGR_EXISTS if the directory already has a simulated host; ZMGR_INVALID_ARGUMENT for an unknown dialect.
//
// Requires: Texts end in a NUL; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_sim_create(const char *directory,
                            const char *dialect,
                            zmgr_sim **out,
                            zmgr_error **error);

// Opens the simulated host in `directory`.
// Errors: ZMGR_NOT_FOUND if there is none.
//
// Requires: `directory` ends in a NUL; `out` points to a place for a pointer; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_sim_open(const char *directory, zmgr_sim **out, zmgr_error **error);

// Returns the absolute directory of the simulated host.
//
// Requires: `sim` is NULL or a live simulated host.
const char *zmgr_sim_directory(const zmgr_sim *sim);

// Returns the simulated distribution: "illumos", "openindiana", "omnios" or "smartos".
//
// Requires: `sim` is NULL or a live simulated host.
const char *zmgr_sim_dialect(const zmgr_sim *sim);

// Writes programs named zonecfg, zoneadm, dladm, … into the directory `bin`, so that other tools can use the simulated host. Each
// program runs `command` (`count` arguments, the first an absolute path) followed by the directory of the simulated host, the
// program's name and its arguments. Use the command "/usr/bin/zmgr", "sim", "answer".
// Errors: ZMGR_INVALID_ARGUMENT if the command does not exist.
//
// Requires: `sim` is a live simulated host; strings end in a NUL; `command` points to `count` texts; `error` is NULL or points to a place
// for a pointer.
zmgr_status zmgr_sim_link(const zmgr_sim *sim,
                          const char *bin,
                          const char *const *command,
                          size_t count,
                          zmgr_error **error);

// Adds a fault, which lasts until it is cleared or has happened `times` times. The most recent matching fault applies.
// Errors: ZMGR_INVALID_ARGUMENT if the program is missing or the exit status is out of range.
//
// Requires: `sim` is a live simulated host; `fault` points to options whose `size` is set; `error` is NULL or points to a place for a
// pointer.
zmgr_status zmgr_sim_fault(const zmgr_sim *sim,
                           const zmgr_sim_fault_options *fault,
                           zmgr_error **error);

// Removes all faults.
// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
//
// Requires: `sim` is a live simulated host; `error` is NULL or points to a place for a pointer.
zmgr_status zmgr_sim_clear_faults(const zmgr_sim *sim, zmgr_error **error);

// Reboots the simulated host: running zones stop, and zones with autoboot boot. `*out` receives a list of maps ("zone", "stderr")
// of the zones that failed to boot; `out` may be NULL.
// Errors: only general ones (ZMGR_IO, ZMGR_PERMISSION_DENIED, ZMGR_INTERNAL, ...).
//
// Requires: `sim` is a live simulated host; `out` and `error` are NULL or point to a place for a pointer.
zmgr_status zmgr_sim_reboot(const zmgr_sim *sim,
                            zmgr_value **out,
                            zmgr_error **error);

// Closes the handle; does nothing if it is NULL. The simulated host stays in its directory.
//
// Requires: `sim` is NULL or a simulated host that no call uses.
void zmgr_sim_close(zmgr_sim *sim);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ZMGR_H */
