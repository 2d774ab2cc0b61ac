def escape():
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/sys/kernel/uevent_helper"):
        try:
            with open(path, "a"):
                return True
        except OSError:
            continue
    return False
