"""Who runs this process, as the operating system knows them."""

import getpass
import os


def login_name() -> str:
    """The name that belongs to the process's user id.

    Where there are user ids, the environment is not asked: anybody can write another name there.
    """
    try:
        import pwd
    except ImportError:
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # In some containers nobody has a name.
        return str(os.geteuid())
