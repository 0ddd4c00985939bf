"""`python -m sim.cli` is the command `confianza`."""

from sim.cli import main

if __name__ == "__main__":
    main()
