package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gopar-project/gopar/internal/proto"
)

// maxID bounds a cluster id: it is part of file names and of batch job names.
const maxID = 64

// place says where a cluster is: its id within a profile. It knows the names of
// all files of the cluster.
type place struct {
	profileDir string // absolute
	id         string // "" is the profile's default cluster
}

// newPlace checks id, which becomes part of file names.
func newPlace(profileDir, id string) (place, error) {
	for i, r := range id {
		ok := r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || i > 0 && (r == '-' || r == '_' || r == '.')
		if !ok {
			return place{}, fmt.Errorf("cluster id %q: use letters, digits, and - _ . after the first", id)
		}
	}
	if len(id) > maxID {
		return place{}, fmt.Errorf("cluster id %q: longer than %d characters", id, maxID)
	}
	return place{profileDir: profileDir, id: id}, nil
}

// name returns base, with the id appended if there is one.
func (p place) name(base string) string {
	if p.id == "" {
		return base
	}
	return base + "-" + p.id
}

const stateBase = "gopar-cluster"

func (p place) security() string  { return proto.SecurityDir(p.profileDir) }
func (p place) stateFile() string { return filepath.Join(p.security(), p.name(stateBase)+".json") }
func (p place) lockFile() string  { return filepath.Join(p.security(), "."+p.name(stateBase)+".lock") }

// ipyparallelFile keeps the dash of an empty id, as ipyparallel does.
func (p place) ipyparallelFile() string {
	return filepath.Join(p.security(), "cluster-"+p.id+".json")
}

// jobName is the name of one of the cluster's jobs, and the stem of its logs.
func (p place) jobName(what string) string { return p.name("gopar") + "-" + what }

// supervisorLog is where the supervisor logs.
func (p place) supervisorLog() string {
	return filepath.Join(proto.LogDir(p.profileDir), p.jobName("supervisor")+".log")
}

// String names the cluster as its user would.
func (p place) String() string {
	profile := strings.TrimPrefix(filepath.Base(p.profileDir), "profile_")
	if p.id == "" {
		return "the default cluster of profile " + profile
	}
	return fmt.Sprintf("cluster %q of profile %s", p.id, profile)
}

// removeFiles removes what a stopped cluster leaves in the security directory.
func (p place) removeFiles() error {
	var errs []error
	for _, f := range []string{
		proto.ClientFile(p.profileDir, p.id), proto.EngineFile(p.profileDir, p.id),
		p.ipyparallelFile(), p.stateFile(),
	} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	journal := proto.JournalDir(p.profileDir, p.id) // of a hub that nobody will restore
	return errors.Join(errors.Join(errs...), os.RemoveAll(journal), os.RemoveAll(journal+".old"))
}
