package jupyter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConnectionFileOfJupyterClientIsRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kernel.json")
	const file = `{"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
		"ip": "127.0.0.1", "key": "a-b", "transport": "tcp", "signature_scheme": "hmac-sha256",
		"kernel_name": "gopar", "jupyter_session": "/x"}`
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := ReadConnectionFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{Shell: "1", IOPub: "2", Stdin: "3", Control: "4", Heartbeat: "5"}
	for ch, port := range want {
		if got := info.Endpoint(ch); got != "tcp://127.0.0.1:"+port {
			t.Errorf("%s is at %s", ch, got)
		}
	}
	if info.Key != "a-b" || info.KernelName != "gopar" {
		t.Errorf("%+v", info)
	}
	info.Transport, info.IP = "ipc", "/run/kernel x"
	if got := info.Endpoint(Control); got != "ipc:///run/kernel x-4" {
		t.Errorf("ipc endpoint %s", got)
	}
	info.Transport, info.IP = "tcp", "::1"
	if got := info.Endpoint(Shell); got != "tcp://[::1]:1" {
		t.Errorf("IPv6 endpoint %s", got)
	}
}

func TestWrittenConnectionFileIsPrivateAndReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.json")
	want := ConnectionInfo{Transport: "ipc", IP: "/tmp/k", ShellPort: 1, Key: "s", SignatureScheme: SignatureScheme}
	if err := WriteConnectionFile(path, want); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if got, err := ReadConnectionFile(path); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestKernelsWithoutAKeyStayOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		`{}`, `{"ip":"127.0.0.1"}`, `{"ip":"::1"}`, `{"ip":"localhost"}`, `{"transport":"ipc","ip":"/run/k"}`, `{"ip":"0.0.0.0","key":"k"}`,
		`{"ip":"0.0.0.0","curve_publickey":"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID","curve_secretkey":"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"}`,
	} {
		path := filepath.Join(t.TempDir(), "k.json")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConnectionFile(path); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestUnusableConnectionFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, want string }{
		"not JSON":              {"x", "invalid character"},
		"scheme":                {`{"signature_scheme":"hmac-md5"}`, "hmac-md5"},
		"transport":             {`{"transport":"udp"}`, "udp"},
		"port":                  {`{"shell_port":70000}`, "70000"},
		"ipc no dir":            {`{"transport":"ipc"}`, "path"},
		"no key, all addresses": {`{"ip":"0.0.0.0"}`, "run code"},
		"no key, a host":        {`{"ip":"kernel.example.org"}`, "run code"},
		"half a key pair":       {`{"key":"k","curve_publickey":"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"}`, "secret key"},
		"keys that differ":      {`{"curve_publickey":"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7","curve_secretkey":"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"}`, "does not belong"},
	} {
		path := filepath.Join(t.TempDir(), "k.json")
		if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConnectionFile(path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadConnectionFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("missing file: no error")
	}
}
