"""Checks notebook files against Jupyter's own schema: validate.py FILE…"""

import sys

import nbformat

for path in sys.argv[1:]:
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5), path
    nbformat.validate(notebook)
