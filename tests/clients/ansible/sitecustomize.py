"""Makes Python believe that it runs on illumos: the module asks before it does anything."""
import platform

platform.system = lambda: "SunOS"
platform.release = lambda: "5.11"
