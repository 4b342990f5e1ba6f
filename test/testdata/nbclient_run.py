"""Executes a notebook as nbclient and nbconvert do: nbclient_run.py IN OUT"""

import os
import sys

import nbformat
from nbclient import NotebookClient

source, target = sys.argv[1:]
notebook = nbformat.read(source, as_version=4)
folder = os.path.dirname(os.path.abspath(source))
NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
nbformat.validate(notebook)
nbformat.write(notebook, target)
