package native

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/go-logr/logr"
)

// Toolchain builds units. Its methods may be called concurrently.
type Toolchain struct {
	*Cache
	gobin, goroot, tools string
	cc                   string // linker driver: a script that answers the linker's probes, or the C compiler
	compiler             string // the C compiler
	ccArgs               []string
	gold                 bool
	exe, source          string
	flags                []string // of go list, so that it builds what is in exe
	env                  []string
	log                  logr.Logger

	mu      sync.Mutex
	index   *index             // nil until prepared; replaced, never changed
	overlay *Overlay           // packages of modules; nil: none; replaced, never changed
	linked  map[string]Package // those of them that units built so far import
}

// goEnv is what `go env -json` says that matters here.
type goEnv struct {
	GOROOT, GOVERSION, GOOS, GOARCH, CC, GOHOSTOS, GOHOSTARCH string
}

// Open finds the toolchain and the cache and checks that both fit the binary that will open the units. It builds nothing;
// the first Build or Export prepares the export data unless Warm has. It returns an error that wraps ErrNoToolchain where
// units cannot be built, and a *MismatchError where they would not fit.
func Open(ctx context.Context, o Options) (*Toolchain, error) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" && runtime.GOOS != "freebsd" {
		return nil, fmt.Errorf("%w: plugins do not exist on %s", ErrNoToolchain, runtime.GOOS)
	}
	exe, err := resolveExe(o.Exe)
	if err != nil {
		return nil, err
	}
	c, err := OpenCache(o.Dir, exe)
	if err != nil {
		return nil, err
	}
	t := &Toolchain{Cache: c, exe: exe, log: o.Log.WithName("native")}
	if t.source, err = FindSource(o.Source, exe); err != nil {
		return nil, err
	}
	if err := t.findGo(ctx); err != nil {
		return nil, err
	}
	if err := t.readHost(); err != nil {
		return nil, err
	}
	if idx, err := readIndex(t.indexFile()); err == nil {
		t.index = idx
	}
	return t, nil
}

func resolveExe(exe string) (string, error) {
	var err error
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return "", fmt.Errorf("find own binary: %w", err)
		}
	}
	if exe, err = filepath.EvalSymlinks(exe); err != nil {
		return "", fmt.Errorf("find own binary: %w", err)
	}
	return exe, nil
}

// FindSource returns the root of gopar's source tree: source if it is given, $GOPAR_SOURCE, or the first of these that holds
// gopar's go.mod: the folders above the binary, share/gopar/src and src beside and above it.
func FindSource(source, exe string) (string, error) {
	if source == "" {
		source = os.Getenv("GOPAR_SOURCE")
	}
	if source != "" {
		if !isSource(source) {
			return "", fmt.Errorf("%w: %s is not gopar's source tree; point GOPAR_SOURCE to it", ErrNoToolchain, source)
		}
		return filepath.Abs(source)
	}
	for dir := filepath.Dir(exe); ; dir = filepath.Dir(dir) {
		for _, sub := range []string{".", "src", "share/gopar/src"} {
			if d := filepath.Join(dir, sub); isSource(d) {
				return d, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%w: gopar's source tree is not beside %s; run install.sh, or point GOPAR_SOURCE to it", ErrNoToolchain, exe)
		}
	}
}

func isSource(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(data)), "module "+modulePath+"\n")
}

const modulePath = "github.com/gopar-project/gopar"

// findGo finds go, asks it for its environment (remembered per go binary: asking takes 10 ms) and finds a C compiler.
func (t *Toolchain) findGo(ctx context.Context) error {
	gobin, err := lookGo()
	if err != nil {
		return fmt.Errorf("%w: %w; install Go %s from https://go.dev/dl and put it on PATH, or set GOROOT",
			ErrNoToolchain, err, strings.TrimPrefix(runtime.Version(), "go"))
	}
	t.gobin = gobin
	t.env = cleanEnv(os.Environ())
	env, err := t.askGo(ctx)
	if err != nil {
		return fmt.Errorf("%w: go env: %w", ErrNoToolchain, err)
	}
	t.goroot = env.GOROOT
	t.tools = filepath.Join(env.GOROOT, "pkg", "tool", env.GOHOSTOS+"_"+env.GOHOSTARCH)
	if env.GOOS != runtime.GOOS || env.GOARCH != runtime.GOARCH {
		return fmt.Errorf("%w: %s builds for %s/%s; unset GOOS and GOARCH", ErrNoToolchain, gobin, env.GOOS, env.GOARCH)
	}
	if env.GOVERSION != runtime.Version() {
		return &MismatchError{
			What:   fmt.Sprintf("it was built with %s, %s is %s", runtime.Version(), gobin, env.GOVERSION),
			Remedy: "rebuild it with ./install.sh, or put " + runtime.Version() + " first on PATH",
		}
	}
	return t.findCC(env.CC)
}

func (t *Toolchain) findCC(cc string) error {
	words := strings.Fields(cc)
	if len(words) == 0 {
		words = []string{"gcc"}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("%w: C compiler %s is not on PATH; install gcc (apt install gcc, dnf install gcc, xcode-select --install)",
			ErrNoToolchain, words[0])
	}
	t.compiler, t.ccArgs = words[0], words[1:]
	_, err := exec.LookPath("ld.gold")
	t.gold = err == nil && runtime.GOOS == "linux"
	if runtime.GOOS != "linux" || len(words) != 1 {
		t.cc = strings.Join(words, " ")
		return nil
	}
	t.cc, err = t.linkDriver(words[0])
	return err
}

// linkDriver writes the script the linker calls in place of the C compiler. The linker first compiles a trivial program once
// per optional flag (build ids, compressed debug information) to see whether it is supported; for a stripped plugin none is
// needed, and the probes are half of a link's time.
func (t *Toolchain) linkDriver(cc string) (string, error) {
	script := "#!/bin/sh\nfor last; do :; done\ncase $last in */trivial.c) exit 1;; esac\nexec " + shellQuote(cc) + " \"$@\"\n"
	path := filepath.Join(t.dir, "cc")
	if old, err := os.ReadFile(path); err == nil && string(old) == script {
		return path, nil
	}
	if err := writeFile(path, []byte(script), 0o700); err != nil {
		return "", fmt.Errorf("write link driver: %w", err)
	}
	return path, nil
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func lookGo() (string, error) {
	if root := os.Getenv("GOROOT"); root != "" {
		p := filepath.Join(root, "bin", "go")
		if _, err := exec.LookPath(p); err == nil {
			return p, nil
		}
	}
	p, err := exec.LookPath("go")
	if err == nil {
		return filepath.Abs(p)
	}
	for _, p := range []string{"/usr/local/go/bin/go", filepath.Join(os.Getenv("HOME"), "sdk", runtime.Version(), "bin", "go")} {
		if _, e := exec.LookPath(p); e == nil {
			return p, nil
		}
	}
	return "", err
}

// cleanEnv drops the settings that would make go build something else than what is in the binary.
func cleanEnv(env []string) []string {
	drop := map[string]bool{"GOFLAGS": true, "GOWORK": true, "GOTOOLCHAIN": true, "CGO_ENABLED": true, "GOEXPERIMENT": true, "GOAMD64": true,
		"GOARM64": true, "GODEBUG": true, "GOGC": true, "GOMEMLIMIT": true, "GO111MODULE": true}
	out := make([]string, 0, len(env)+4)
	for _, kv := range env {
		if k, _, _ := strings.Cut(kv, "="); !drop[k] {
			out = append(out, kv)
		}
	}
	return append(out, "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "CGO_ENABLED=1")
}

func (t *Toolchain) askGo(ctx context.Context) (goEnv, error) {
	info, err := os.Stat(t.gobin)
	if err != nil {
		return goEnv{}, err
	}
	var memo struct {
		Key string
		Env goEnv
	}
	key := fmt.Sprint(t.gobin, info.Size(), info.ModTime().UnixNano(), os.Getenv("GOROOT"), os.Getenv("CC"), os.Getenv("GOOS"), os.Getenv("GOARCH"))
	file := filepath.Join(t.dir, "goenv.json")
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &memo) == nil && memo.Key == key {
		return memo.Env, nil
	}
	cmd := t.command(ctx, t.gobin, "env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH", "CC", "GOHOSTOS", "GOHOSTARCH")
	cmd.Dir = t.source
	data, err := output(cmd)
	if err != nil {
		return goEnv{}, err
	}
	memo.Key = key
	if err := json.Unmarshal(data, &memo.Env); err != nil {
		return goEnv{}, err
	}
	if data, err = json.Marshal(memo); err == nil {
		_ = writeFile(file, data, 0o600) // best effort: only saves time
	}
	return memo.Env, nil
}

// readHost checks that the binary was built so that units can fit it, and notes the flags that make them.
func (t *Toolchain) readHost() error {
	info, err := buildinfo.ReadFile(t.exe)
	if err != nil {
		return fmt.Errorf("read build information of %s: %w", t.exe, err)
	}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	remedy := fmt.Sprintf("rebuild it with ./install.sh or: go build -trimpath ./cmd/gopar in %s", t.source)
	switch {
	case set["-trimpath"] != "true":
		return &MismatchError{What: t.exe + " was built without -trimpath", Remedy: remedy}
	case set["CGO_ENABLED"] != "1":
		return &MismatchError{What: t.exe + " was built without cgo", Remedy: remedy}
	case set["-race"] == "true" || set["-msan"] == "true" || set["-asan"] == "true":
		return &MismatchError{What: t.exe + " was built with a sanitizer", Remedy: remedy}
	}
	if tags := set["-tags"]; tags != "" {
		t.flags = append(t.flags, "-tags="+tags)
	}
	for _, k := range []string{"GOEXPERIMENT", "GOAMD64", "GOARM64"} {
		if v := set[k]; v != "" {
			t.env = append(t.env, k+"="+v)
		}
	}
	return nil
}

// command is a tool whose children die with it when ctx ends.
func (t *Toolchain) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = t.env
	cmd.SysProcAttr = groupAttr()
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	return cmd
}

// output runs cmd and returns its standard output; the error holds its standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	data, err := cmd.Output()
	var ee *exec.ExitError
	if errors.As(err, &ee) && len(ee.Stderr) > 0 {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(string(ee.Stderr)))
	}
	return data, err
}

// writeFile puts data at path so that a reader sees all of it or none.
func writeFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, which is the point
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), mode)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
