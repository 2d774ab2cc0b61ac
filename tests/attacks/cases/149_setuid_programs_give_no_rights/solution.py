import os
import subprocess


def escape():
    for program in ("/usr/bin/su", "/bin/su", "/usr/bin/sudo", "/usr/bin/mount", "/bin/mount"):
        if os.path.exists(program):
            try:
                done = subprocess.run([program, "-c", "true"], capture_output=True, timeout=3)
            except (OSError, subprocess.SubprocessError):
                continue
            if done.returncode == 0 and os.geteuid() != 0:
                return True
    return False
