package kernel

import (
	"context"
	"runtime"
	"strings"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// info serves kernel_info_request.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-info
func (k *Kernel) info(context.Context, *jupyter.Request, jupyter.KernelInfoRequest) (jupyter.KernelInfoReply, error) {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return jupyter.KernelInfoReply{
		Status:                jupyter.StatusOK,
		ProtocolVersion:       jupyter.ProtocolVersion,
		Implementation:        "gopar",
		ImplementationVersion: k.config.Version,
		LanguageInfo: jupyter.LanguageInfo{
			Name: "go", Version: version, MIMEType: "text/x-go", FileExtension: ".go",
			PygmentsLexer: "go", CodeMirrorMode: "go", NBConvertExporter: "script",
		},
		Banner: "gopar " + k.config.Version + ": interactive parallel Go " + version + "\n%help lists the commands that are not Go.",
		HelpLinks: []jupyter.HelpLink{
			{Text: "gopar", URL: "https://github.com/gopar-project/gopar"},
			{Text: "Go standard library", URL: "https://pkg.go.dev/std"},
			{Text: "Go language", URL: "https://go.dev/ref/spec"},
		},
		SupportedFeatures: []string{"kernel subshells"},
	}, nil
}
