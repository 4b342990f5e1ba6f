package cluster

import "time"

// State is what a cluster as a whole is doing.
type State string

// The states of a cluster.
const (
	Starting State = "starting" // not all engines are registered yet
	Running  State = "running"  // all engines asked for are there
	Degraded State = "degraded" // it answers, but engines or the supervisor are missing
	Broken   State = "broken"   // the hub is dead or does not answer
	Stopping State = "stopping"
)

// Status is a cluster at one moment.
type Status struct {
	ID             string    `json:"id"`
	ProfileDir     string    `json:"profile_dir"`
	State          State     `json:"state"`
	Problem        string    `json:"problem,omitempty"` // why it is not Running, in words
	Started        time.Time `json:"started"`
	ConnectionFile string    `json:"connection_file"` // for clients
	LogDir         string    `json:"log_dir"`
	Want           int       `json:"want"`       // engines asked for
	Registered     []int     `json:"registered"` // ids of the engines the hub has, ascending
	Supervisor     Process   `json:"supervisor"`
	Hub            Process   `json:"hub"`
	Engines        []Process `json:"engines"`
}

// Process is one process of a cluster.
type Process struct {
	Name   string    `json:"name"` // "hub", "engines-1.0": job and index
	PID    int       `json:"pid"`
	Host   string    `json:"host,omitempty"`
	State  string    `json:"state"`            // pending, running, done, unknown
	Reason string    `json:"reason,omitempty"` // why it is pending, how it ended
	Log    string    `json:"log"`              // path of its log file
	Ended  time.Time `json:"ended,omitzero"`
}
