package proto

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestDependencyForms(t *testing.T) {
	for text, want := range map[string]Dependency{
		`null`:      {All: true, Success: true},
		`[]`:        {All: true, Success: true, IDs: []string{}},
		`"a"`:       {IDs: []string{"a"}, All: true, Success: true},
		`["a","b"]`: {IDs: []string{"a", "b"}, All: true, Success: true},
		`{"dependencies":["a"],"all":false,"success":false,"failure":true}`: {IDs: []string{"a"}, Failure: true},
		`{"dependencies":["a"]}`: {IDs: []string{"a"}, All: true, Success: true},
	} {
		var d Dependency
		if err := json.Unmarshal([]byte(text), &d); err != nil || !reflect.DeepEqual(d, want) {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back Dependency
		if err := json.Unmarshal(b, &back); err != nil || back.All != d.All || back.Failure != d.Failure || len(back.IDs) != len(d.IDs) {
			t.Errorf("%s: %s: %+v, %v", text, b, back, err)
		}
	}
	if b, err := json.Marshal(Dependency{}); err != nil || string(b) != "[]" {
		t.Errorf("%s, %v", b, err)
	}
}

func TestTaskMetadataOfPython(t *testing.T) {
	const text = `{"after": [], "follow": {"dependencies": ["x"], "all": true, "success": true, "failure": false},
		"timeout": 0.0, "targets": ["u1"], "retries": 2, "label": null}`
	var md TaskMetadata
	if err := json.Unmarshal([]byte(text), &md); err != nil || md.Retries != 2 || md.Follow.IDs[0] != "x" || md.Targets[0] != "u1" || md.Label != nil {
		t.Errorf("%+v, %v", md, err)
	}
	if b, err := json.Marshal(TaskMetadata{}); err != nil || string(b) != `{"after":[],"follow":[],"timeout":0,"targets":[],"retries":0}` {
		t.Errorf("%s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"targets":"u1"}`), &md); err != nil || len(md.Targets) != 1 {
		t.Errorf("%+v, %v", md, err)
	}
}

func TestTimes(t *testing.T) {
	want := time.Date(2026, 11, 22, 14, 5, 6, 123456000, time.UTC)
	for _, s := range []string{"2026-11-22T14:05:06.123456Z", "2026-11-22T15:05:06.123456+01:00", "2026-11-22T14:05:06.123456", "2026-11-22 14:05:06.123456+00:00"} {
		if got, err := ParseTime(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "yesterday", strings.Repeat("2", 100)} {
		if _, err := ParseTime(s); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
	if b, err := json.Marshal([]Time{{want}, {}}); err != nil || string(b) != `["2026-11-22T14:05:06.123456Z",null]` {
		t.Errorf("%s, %v", b, err)
	}
	var back []Time
	if err := json.Unmarshal([]byte(`["2026-11-22T14:05:06.123456Z",null,""]`), &back); err != nil || !back[0].Equal(want) || !back[1].IsZero() || !back[2].IsZero() {
		t.Errorf("%v, %v", back, err)
	}
}

func TestFlatReplies(t *testing.T) {
	q := QueueReply{Status: StatusOK, Engines: map[int]EngineQueue{3: {Queue: Count{N: 1}, Tasks: Count{N: 2}}}, Unassigned: Count{N: 4}}
	b, err := json.Marshal(q)
	if want := `{"3":{"queue":1,"completed":0,"tasks":2},"status":"ok","unassigned":4}`; err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
	var back QueueReply
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, q) {
		t.Errorf("%+v, %v", back, err)
	}
	r := ResultReply{Status: StatusOK, Pending: []string{"p"}, Results: map[string]TaskResult{"a": {ResultContent: json.RawMessage(`{"status":"ok"}`)}}}
	if b, err = json.Marshal(r); err != nil {
		t.Fatal(err)
	}
	var results ResultReply
	if err := json.Unmarshal(b, &results); err != nil || string(results.Results["a"].ResultContent) != `{"status":"ok"}` || results.Pending[0] != "p" {
		t.Errorf("%s: %+v, %v", b, results, err)
	}
}

func TestListsOfQueries(t *testing.T) {
	for text, want := range map[string]IntList{`null`: {}, `[1,2]`: {IDs: []int{1, 2}}, `3`: {IDs: []int{3}}, `"all"`: {All: true}} {
		var l IntList
		if err := json.Unmarshal([]byte(text), &l); err != nil || !reflect.DeepEqual(l, want) {
			t.Errorf("%s: %+v, %v", text, l, err)
		}
	}
	var l IntList
	if err := json.Unmarshal([]byte(`"some"`), &l); err == nil || err.Error() == "" {
		t.Error("a word was accepted as engines")
	}
	for text, want := range map[string]StringList{`null`: {}, `["a"]`: {IDs: []string{"a"}}, `"a"`: {IDs: []string{"a"}}, `"all"`: {All: true}} {
		var s StringList
		if err := json.Unmarshal([]byte(text), &s); err != nil || !reflect.DeepEqual(s, want) {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
}

func TestTargets(t *testing.T) {
	var md BroadcastMetadata
	if err := json.Unmarshal([]byte(`{"targets":[["u",3]],"is_broadcast":true,"is_coalescing":false}`), &md); err != nil || md.Targets[0] != (Target{"u", 3}) {
		t.Errorf("%+v, %v", md, err)
	}
	for _, bad := range []string{`[["u"]]`, `[["u","x"]]`, `[[1,2]]`, `["u"]`} {
		if err := json.Unmarshal([]byte(bad), &md.Targets); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}

func TestRemoteErrorsAreErrors(t *testing.T) {
	e := NewRemoteError(EngineError, "engine %d died", 3)
	e.EngineInfo = &ErrorEngineInfo{EngineID: 3, Method: "apply"}
	var err error = e
	if err.Error() != "[3:apply] EngineError: engine 3 died" {
		t.Error(err)
	}
	if !errors.Is(err, &RemoteError{Ename: EngineError}) || errors.Is(err, &RemoteError{Ename: TaskAborted}) {
		t.Error("Is")
	}
	var empty RemoteError
	if err := json.Unmarshal([]byte(`{"status":"error","ename":"E","evalue":"v","traceback":[],"engine_info":{}}`), &empty); err != nil || empty.Error() != "E: v" {
		t.Error(empty.Error(), err)
	}
	b, _ := json.Marshal(e)
	if !strings.Contains(string(b), `"status":"error"`) || !strings.Contains(string(b), `"traceback":[]`) {
		t.Errorf("%s", b)
	}
}

// clientFile is one that ipyparallel 9.2 wrote.
const clientFile = `{"key": "d8d9", "location": "box", "pack": "json", "unpack": "json", "signature_scheme": "hmac-sha256",
	"ssh": "", "interface": "tcp://127.0.0.1", "registration": 1, "control": 2, "mux": 3, "task": 4, "task_scheme": "leastload",
	"iopub": 5, "notification": 6, "broadcast": 7, "curve_serverkey": null}`

func TestConnectionFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a b", "client.json")
	if _, err := ReadClientInfo(path); !errors.Is(err, ErrNoFile) {
		t.Error(err)
	}
	var c ClientInfo
	if err := json.Unmarshal([]byte(clientFile), &c); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteAtomic(path); err != nil {
		t.Fatal(err)
	}
	back, err := ReadClientInfo(path)
	if err != nil || *back != c || back.Endpoint(back.Mux) != "tcp://127.0.0.1:3" {
		t.Errorf("%+v, %v", back, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "a b", ".tmp*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	for name, change := range map[string]string{"pickle": `"pack": "pickle"`, "curve": `"curve_serverkey": "x"`, "port": `"mux": 0`, "interface": `"interface": "inproc://x"`} {
		key, _, _ := strings.Cut(change, ":")
		i := strings.Index(clientFile, key)
		end := i + strings.IndexAny(clientFile[i:], ",}")
		bad := filepath.Join(dir, name)
		if err := os.WriteFile(bad, []byte(clientFile[:i]+change+clientFile[end:]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadClientInfo(bad); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadClientInfo(large); err == nil {
		t.Error("a large file was accepted")
	}
}

func TestEndpointsOfWildcards(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ iface, location, want string }{
		{"tcp://0.0.0.0", "10.9.8.7", "tcp://10.9.8.7:5"},
		{"tcp://*", host, "tcp://127.0.0.1:5"},
		{"tcp://0.0.0.0", "127.0.0.1", "tcp://127.0.0.1:5"},
		{"tcp://10.1.1.1", "box", "tcp://10.1.1.1:5"},
		{"ipc:///run/x", "", "ipc:///run/x-5"},
	} {
		if got := (&ClientInfo{Interface: c.iface, Location: c.location}).Endpoint(5); got != c.want {
			t.Errorf("%s at %s: %s, want %s", c.iface, c.location, got, c.want)
		}
	}
}

func TestWhereFilesLive(t *testing.T) {
	t.Setenv(EnvIPythonDir, "/ipy")
	t.Setenv(EnvProfileDir, "")
	t.Setenv(EnvClusterID, "env")
	dir, err := ProfileDir("", "go")
	if err != nil || ClientFile(dir, "x") != "/ipy/profile_go/security/ipcontroller-x-client.json" || EngineFile(dir, "") != "/ipy/profile_go/security/ipcontroller-engine.json" {
		t.Error(dir, err)
	}
	if ClusterID("") != "env" || ClusterID("mine") != "mine" {
		t.Error("cluster id")
	}
	t.Setenv(EnvProfileDir, "/elsewhere")
	if d, err := ProfileDir("", ""); err != nil || d != "/elsewhere" {
		t.Error(d, err)
	}
	if d, err := ProfileDir("/given", "go"); err != nil || d != "/given" {
		t.Error(d, err)
	}
}

func FuzzContents(f *testing.F) {
	for _, s := range []string{`{"after":"x","targets":[["u",1]],"msg_ids":"all","0":{"queue":[]},"started":"2026-01-01T00:00:00Z"}`, `[]`, `null`, clientFile} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, v := range []any{&TaskMetadata{}, &BroadcastMetadata{}, &ReplyMetadata{}, &QueueReply{}, &QueueRequest{}, &ResultReply{}, &DBRequest{}, &PurgeRequest{}, &RegistrationReply{}, &RemoteError{}} {
			if json.Unmarshal(b, v) != nil {
				continue
			}
			if _, err := json.Marshal(v); err != nil {
				t.Errorf("%T read from %q is not written: %v", v, b, err)
			}
		}
		_, _ = ParseEngineInfo(b) // must not panic
	})
}
