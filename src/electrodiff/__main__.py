"""`python -m electrodiff`."""

from electrodiff.cli import main

if __name__ == "__main__":
    main()
