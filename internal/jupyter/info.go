package jupyter

// KernelInfoRequest is the content of a kernel_info_request.
type KernelInfoRequest struct{}

// KernelInfoReply is the content of a kernel_info_reply.
type KernelInfoReply struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	// Debugger is deprecated in favour of SupportedFeatures, but JupyterLab
	// before 4.4 reads it.
	Debugger          bool       `json:"debugger"`
	HelpLinks         []HelpLink `json:"help_links"`
	SupportedFeatures []string   `json:"supported_features"`
}

// LanguageInfo describes the language of a kernel's cells.
type LanguageInfo struct {
	Name              string `json:"name"`
	Version           string `json:"version"`
	MIMEType          string `json:"mimetype"`
	FileExtension     string `json:"file_extension"`
	PygmentsLexer     string `json:"pygments_lexer,omitempty"`
	CodeMirrorMode    string `json:"codemirror_mode,omitempty"`
	NBConvertExporter string `json:"nbconvert_exporter,omitempty"`
}

// HelpLink is one entry of a front end's help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// UsageRequest is the content of a usage_request, which is
// jupyter-resource-usage's and not in the specification.
type UsageRequest struct{}

// UsageReply is the content of a usage_reply. Memory is in bytes, CPU in percent
// of one core; what the system does not tell is null or left out.
type UsageReply struct {
	Hostname          string         `json:"hostname"`
	PID               int            `json:"pid"`
	KernelCPU         float64        `json:"kernel_cpu"`
	KernelMemory      uint64         `json:"kernel_memory"`
	CPUCount          int            `json:"cpu_count"`
	HostCPUPercent    *float64       `json:"host_cpu_percent,omitempty"`
	HostVirtualMemory *VirtualMemory `json:"host_virtual_memory,omitempty"`
}

// VirtualMemory is the host's memory, in bytes.
type VirtualMemory struct {
	Total     uint64  `json:"total"`
	Available uint64  `json:"available"`
	Percent   float64 `json:"percent"`
	Used      uint64  `json:"used"`
	Free      uint64  `json:"free"`
}
