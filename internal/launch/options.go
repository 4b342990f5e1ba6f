package launch

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
)

// Options say how tasks are to run. They mean the same on every system; what a
// system lacks, its launcher refuses. The zero value leaves everything to the
// site's defaults.
type Options struct {
	Queue       string        `json:"queue,omitempty"` // partition, in Slurm's word
	Account     string        `json:"account,omitempty"`
	QOS         string        `json:"qos,omitempty"`
	Reservation string        `json:"reservation,omitempty"`
	Walltime    time.Duration `json:"walltime,omitempty"`   // of each task; it is asked to end half a minute before
	CPUs        int           `json:"cpus,omitempty"`       // of each task
	Memory      string        `json:"memory,omitempty"`     // of each task, in the system's notation: "4G"
	GPUs        string        `json:"gpus,omitempty"`       // of each task: "1", "a100:2"
	Mode        string        `json:"mode,omitempty"`       // ModeArray or ModeAllocation. Default: ModeArray
	Nodes       int           `json:"nodes,omitempty"`      // of an allocation. Default: the system's choice
	Throttle    int           `json:"throttle,omitempty"`   // tasks of an array that may run at once; 0: any number
	Directives  []string      `json:"directives,omitempty"` // further ones, without the system's mark: "--constraint=fast"
	Skip        []string      `json:"skip,omitempty"`       // names of directives that gopar is not to write: "output"
	Prologue    string        `json:"prologue,omitempty"`   // shell lines before the program: "module load go"
	Epilogue    string        `json:"epilogue,omitempty"`   // shell lines after its end
	Template    string        `json:"template,omitempty"`   // text of the job script in place of gopar's own; {{command}} is where the program runs
	Hosts       []string      `json:"hosts,omitempty"`      // of ssh, in turn: "node1", "me@node2"; "node3*4" counts four times
	Command     []string      `json:"command,omitempty"`    // the system's program with further arguments. Default: ssh; mpiexec
}

// Modes of batch systems.
const (
	ModeArray      = "array"      // tasks start one by one, as the system finds room; each may be restarted by itself
	ModeAllocation = "allocation" // all tasks start together, in one job
)

// With returns o with what is set in over; lists are joined.
func (o Options) With(over Options) Options {
	over.Queue, over.Account = cmp.Or(over.Queue, o.Queue), cmp.Or(over.Account, o.Account)
	over.QOS, over.Reservation = cmp.Or(over.QOS, o.QOS), cmp.Or(over.Reservation, o.Reservation)
	over.Walltime, over.CPUs = cmp.Or(over.Walltime, o.Walltime), cmp.Or(over.CPUs, o.CPUs)
	over.Memory, over.GPUs = cmp.Or(over.Memory, o.Memory), cmp.Or(over.GPUs, o.GPUs)
	over.Mode, over.Nodes, over.Throttle = cmp.Or(over.Mode, o.Mode), cmp.Or(over.Nodes, o.Nodes), cmp.Or(over.Throttle, o.Throttle)
	over.Directives, over.Skip = slices.Concat(o.Directives, over.Directives), slices.Concat(o.Skip, over.Skip)
	over.Prologue, over.Epilogue = cmp.Or(over.Prologue, o.Prologue), cmp.Or(over.Epilogue, o.Epilogue)
	over.Template = cmp.Or(over.Template, o.Template)
	if over.Hosts == nil {
		over.Hosts = o.Hosts
	}
	if over.Command == nil {
		over.Command = o.Command
	}
	return over
}

// given returns the names of the options that are set.
func (o *Options) given() []string {
	set := map[string]bool{
		"queue": o.Queue != "", "account": o.Account != "", "qos": o.QOS != "", "reservation": o.Reservation != "",
		"walltime": o.Walltime != 0, "cpus": o.CPUs != 0, "memory": o.Memory != "", "gpus": o.GPUs != "", "mode": o.Mode != "",
		"nodes": o.Nodes != 0, "throttle": o.Throttle != 0, "directives": len(o.Directives) > 0, "skip": len(o.Skip) > 0,
		"prologue": o.Prologue != "", "epilogue": o.Epilogue != "", "template": o.Template != "", "hosts": len(o.Hosts) > 0,
		"command": len(o.Command) > 0,
	}
	var names []string
	for name, is := range set {
		if is {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// check refuses options that the system does not know, and values that no
// system knows.
func (o *Options) check(kind string, known ...string) error {
	for _, name := range o.given() {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no option %s; it knows %s", kind, name, orNone(known))
		}
	}
	switch {
	case o.Walltime < 0:
		return fmt.Errorf("%s: walltime %v", kind, o.Walltime)
	case o.CPUs < 0 || o.Nodes < 0 || o.Throttle < 0:
		return fmt.Errorf("%s: cpus, nodes and throttle cannot be negative", kind)
	case o.Mode != "" && o.Mode != ModeArray && o.Mode != ModeAllocation:
		return fmt.Errorf("%s: mode %q: want %s or %s", kind, o.Mode, ModeArray, ModeAllocation)
	case o.Nodes > 0 && o.Mode != ModeAllocation:
		return fmt.Errorf("%s: nodes are of mode %s; tasks of an array have one each", kind, ModeAllocation)
	case o.Throttle > 0 && o.Mode == ModeAllocation:
		return fmt.Errorf("%s: throttle is of mode %s", kind, ModeArray)
	}
	for _, v := range []string{o.Queue, o.Account, o.QOS, o.Reservation, o.Memory, o.GPUs} {
		if strings.ContainsAny(v, " \t\r\n\"'`$\\") {
			return fmt.Errorf("%s: option %q: blanks and quotes are not possible", kind, v)
		}
	}
	return nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Kinds are the names of the systems that New knows.
func Kinds() []string { return []string{"local", "slurm", "ssh", "mpi"} }

// Title returns how people call a system: "Slurm".
func Title(kind string) string {
	switch kind {
	case "local":
		return "this machine"
	case "slurm":
		return "Slurm"
	case "ssh", "mpi":
		return strings.ToUpper(kind)
	}
	return kind
}

// ErrKind says that there is no launcher of the name.
var ErrKind = errors.New("no such system")

// New returns a launcher. Local ones, and those that hold connections, must be
// closed.
func New(kind string, o Options, log logr.Logger) (Launcher, error) {
	switch kind {
	case "local":
		if err := o.check(kind); err != nil {
			return nil, err
		}
		return NewLocal(log), nil
	case "slurm":
		return NewSlurm(o, log)
	case "ssh":
		return NewSSH(o, log)
	case "mpi":
		return NewMPI(o, log)
	}
	return nil, fmt.Errorf("%w: %q (there are %s)", ErrKind, kind, strings.Join(Kinds(), ", "))
}

// ParseWalltime reads a time limit as people write it: Go's notation ("90m",
// "2h30m") or the batch systems' ("1:30:00", "2-12:00:00" with days).
func ParseWalltime(s string) (time.Duration, error) {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return d, nil
	}
	bad := fmt.Errorf("walltime %q: want 90m, 2h30m, 1:30:00 or 2-12:00:00", s)
	days, clock, hasDays := strings.Cut(s, "-")
	if !hasDays {
		days, clock = "0", s
	}
	parts := strings.Split(clock, ":")
	if len(parts) != 3 {
		return 0, bad // "1:30" is minutes on one system and hours on another
	}
	var n [4]int
	for i, p := range append([]string{days}, parts...) {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return 0, bad
		}
		n[i] = int(v)
	}
	d := time.Duration(n[0])*24*time.Hour + time.Duration(n[1])*time.Hour + time.Duration(n[2])*time.Minute + time.Duration(n[3])*time.Second
	if d <= 0 || n[2] > 59 || n[3] > 59 {
		return 0, bad
	}
	return d, nil
}
