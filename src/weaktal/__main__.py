"""``python -m weaktal`` is the ``weaktal`` command."""

from weaktal.cli import main

if __name__ == "__main__":
    main()
