"""The Jupyter project's own kernel tests, with every optional part enabled.

    python -m pytest kernel/testdata/jupyter_kernel_test.py

needs jupyter_kernel_test from the package index and the kernelspec "gopar", or the one named in GOPAR_TEST_KERNELSPEC.
"""

import importlib
import os
import sys
import unittest


def _installed_package(name):
    """Imports the installed package of this file's own name, and leaves sys.modules and sys.path as they were."""
    here = os.path.dirname(os.path.abspath(__file__))
    path, this = sys.path[:], sys.modules.pop(name, None)
    sys.path[:] = [p for p in path if os.path.abspath(p or os.curdir) != here]
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = path
        if this is not None:
            sys.modules[name] = this


jkt = _installed_package("jupyter_kernel_test")
KERNEL = os.environ.get("GOPAR_TEST_KERNELSPEC", "gopar")


class GoparKernelTests(jkt.KernelTests):
    kernel_name = KERNEL
    language_name = "go"
    file_extension = ".go"

    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'fmt.Fprintln(os.Stderr, "test")'

    completion_samples = [
        {"text": "strings.HasPre", "matches": {"HasPrefix"}},
        {"text": "func f() { strings.HasSuf", "matches": {"HasSuffix"}},
        {"text": "%clus", "matches": {"%cluster"}},
    ]

    complete_code_samples = [
        "1",
        "x := 1",
        'fmt.Println("hello, world")',
        "func f(x int) int {\n\treturn x * 2\n}",
        "for i := range 3 {\n\tfmt.Println(i)\n}",
        "%px 1",
    ]
    incomplete_code_samples = [
        "func f(x int) int {",
        "fmt.Println(",
        "x := `raw",
        "1 +",
        "if true {\n\tfmt.Println()",
    ]
    invalid_code_samples = [
        "x := )",
        "}",
        "for range range {}",
    ]

    code_page_something = 'display.Page("a page")'
    code_generate_error = 'panic("boom")'

    code_execute_result = [
        {"code": "111+222+333", "result": "666"},
        {"code": "6*7", "result": "42"},
        {"code": '"a" + "b"', "result": "ab"},
        {"code": "1, 2", "result": "1, 2"},
        {"code": "var p struct{ X, Y int }; p", "result": "{X:0 Y:0}"},
        {"code": 'display.Markdown("*x*")', "result": "*x*", "mime": "text/markdown"},
    ]
    code_display_data = [
        {"code": 'display.Show(display.HTML("<b>test</b>"))', "mime": "text/html"},
        {"code": 'display.Show(display.Latex("$x$"))', "mime": "text/latex"},
        {"code": "display.Show(display.JSON(map[string]int{\"a\": 1}))", "mime": "application/json"},
    ]

    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "111?222*"  # the history is kept, and the test wants one match

    code_inspect_sample = "strings.HasPrefix"
    code_clear_output = "display.Clear(false)"


class GoparIopubWelcomeTests(jkt.IopubWelcomeTests):
    kernel_name = KERNEL
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main()
