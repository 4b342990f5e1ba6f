// Package config reads the user's configuration file: profiles that say once how
// engines are to be started at a site, and are named afterwards.
//
// A file is believed only as a whole: an unknown word, a wrong type or a value
// that no system can mean is an error with its line and column.
package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/goccy/go-yaml"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
)

// Env names the configuration file in place of the default one.
const Env = "GOPAR_CONFIG"

// maxFile bounds the file before it is parsed.
const maxFile = 1 << 20

// File is a configuration file.
type File struct {
	Path     string             `yaml:"-" json:"path"`
	Default  string             `yaml:"default,omitempty" json:"default,omitempty"` // the profile that is meant if none is named
	Profiles map[string]Profile `yaml:"profiles,omitempty" json:"profiles"`
}

// Profile is what a site needs for its engines. Every field is one of gopar
// cluster start's flags; flags win.
type Profile struct {
	On          string            `yaml:"on,omitempty" json:"on,omitempty"`
	Engines     int               `yaml:"engines,omitempty" json:"engines,omitempty"`
	Queue       string            `yaml:"queue,omitempty" json:"queue,omitempty"`
	Account     string            `yaml:"account,omitempty" json:"account,omitempty"`
	QOS         string            `yaml:"qos,omitempty" json:"qos,omitempty"`
	Reservation string            `yaml:"reservation,omitempty" json:"reservation,omitempty"`
	Walltime    string            `yaml:"walltime,omitempty" json:"walltime,omitempty"`
	CPUs        int               `yaml:"cpus,omitempty" json:"cpus,omitempty"`
	Memory      string            `yaml:"memory,omitempty" json:"memory,omitempty"`
	GPUs        string            `yaml:"gpus,omitempty" json:"gpus,omitempty"`
	Mode        string            `yaml:"mode,omitempty" json:"mode,omitempty"`
	Nodes       int               `yaml:"nodes,omitempty" json:"nodes,omitempty"`
	Throttle    int               `yaml:"throttle,omitempty" json:"throttle,omitempty"`
	Directives  []string          `yaml:"directives,omitempty" json:"directives,omitempty"`
	Skip        []string          `yaml:"skip,omitempty" json:"skip,omitempty"`
	Prologue    string            `yaml:"prologue,omitempty" json:"prologue,omitempty"`
	Epilogue    string            `yaml:"epilogue,omitempty" json:"epilogue,omitempty"`
	Template    string            `yaml:"template,omitempty" json:"template,omitempty"` // path, relative to the file's directory
	Hosts       []string          `yaml:"hosts,omitempty" json:"hosts,omitempty"`
	Command     []string          `yaml:"command,omitempty" json:"command,omitempty"`
	Env         map[string]string `yaml:"env,omitempty" json:"env,omitempty"`
	Dir         string            `yaml:"dir,omitempty" json:"dir,omitempty"`
	LogDir      string            `yaml:"log_dir,omitempty" json:"log_dir,omitempty"`
	HubArgs     []string          `yaml:"hub_args,omitempty" json:"hub_args,omitempty"`
	EngineArgs  []string          `yaml:"engine_args,omitempty" json:"engine_args,omitempty"`
	Timeout     string            `yaml:"timeout,omitempty" json:"timeout,omitempty"`
	Restarts    int               `yaml:"restarts,omitempty" json:"restarts,omitempty"`
	Also        []string          `yaml:"also,omitempty" json:"also,omitempty"` // profiles whose engines the cluster has, too
}

// Path returns where the configuration file is: $GOPAR_CONFIG, or
// gopar/config.yaml in the user's configuration directory.
func Path() (string, error) {
	if p := os.Getenv(Env); p != "" {
		return filepath.Abs(p)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the configuration file: %w", err)
	}
	return filepath.Join(dir, "gopar", "config.yaml"), nil
}

// Load reads a configuration file. One that does not exist is empty.
func Load(path string) (*File, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &File{Path: path}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return Parse(path, b)
}

// Parse checks the text of a configuration file.
func Parse(path string, text []byte) (*File, error) {
	f := &File{}
	err := yaml.UnmarshalWithOptions(text, f, yaml.Strict())
	f.Path = path
	if errors.Is(err, io.EOF) {
		return f, nil // nothing but comments
	}
	var at yaml.Error
	if errors.As(err, &at) && at.GetToken() != nil {
		pos := at.GetToken().Position
		return nil, fmt.Errorf("%s:%d:%d: %s", path, pos.Line, pos.Column, at.GetMessage())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, ok := f.Profiles[f.Default]; f.Default != "" && !ok {
		return nil, f.errorAt(text, fmt.Errorf("there is no profile %q", f.Default), "default")
	}
	for _, name := range f.names() {
		if field, err := f.check(name); err != nil {
			return nil, f.errorAt(text, fmt.Errorf("profile %s: %w", name, err), "profiles", name, field)
		}
	}
	return f, nil
}

func (f *File) names() []string {
	var names []string
	for name := range f.Profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// errorAt adds the position of a value to an error, of what holds it if it
// cannot be found.
func (f *File) errorAt(text []byte, err error, keys ...string) error {
	for n := len(keys); n > 0; n-- {
		b := (&yaml.PathBuilder{}).Root()
		for _, k := range keys[:n] {
			b = b.Child(k)
		}
		node, perr := b.Build().ReadNode(strings.NewReader(string(text)))
		if perr == nil && node != nil && node.GetToken() != nil {
			pos := node.GetToken().Position
			return fmt.Errorf("%s:%d:%d: %w", f.Path, pos.Line, pos.Column, err)
		}
	}
	return fmt.Errorf("%s: %w", f.Path, err)
}

// check returns what is wrong with a profile, and which of its words says so.
func (f *File) check(name string) (field string, err error) {
	p := f.Profiles[name]
	if p.On == "" {
		return "on", fmt.Errorf("say which system runs the engines: on: %s", strings.Join(launch.Kinds(), ", "))
	}
	if slices.Contains(launch.Kinds(), name) && name != p.On {
		return "on", fmt.Errorf("the name of a system cannot mean another one, %s", p.On)
	}
	if p.Walltime != "" {
		if _, err := launch.ParseWalltime(p.Walltime); err != nil {
			return "walltime", err
		}
	}
	if p.Timeout != "" {
		if d, err := time.ParseDuration(p.Timeout); err != nil || d <= 0 {
			return "timeout", fmt.Errorf("timeout %q: want 90s, 10m", p.Timeout)
		}
	}
	if p.Engines < 0 {
		return "engines", fmt.Errorf("%d engines", p.Engines)
	}
	for _, other := range p.Also {
		if _, ok := f.Profiles[other]; !ok || other == name {
			return "also", fmt.Errorf("there is no other profile %q", other)
		}
	}
	o, err := p.launch(filepath.Dir(f.Path))
	if err != nil {
		return "template", err
	}
	l, err := launch.New(p.On, o, logr.Discard())
	if err != nil {
		return "on", err
	}
	return "on", l.Close()
}

// launch returns what a launcher needs of the profile.
func (p *Profile) launch(dir string) (launch.Options, error) {
	o := launch.Options{
		Queue: p.Queue, Account: p.Account, QOS: p.QOS, Reservation: p.Reservation, CPUs: p.CPUs, Memory: p.Memory, GPUs: p.GPUs,
		Mode: p.Mode, Nodes: p.Nodes, Throttle: p.Throttle, Directives: p.Directives, Skip: p.Skip, Prologue: p.Prologue,
		Epilogue: p.Epilogue, Hosts: p.Hosts, Command: p.Command,
	}
	if p.Walltime != "" {
		d, err := launch.ParseWalltime(p.Walltime)
		if err != nil {
			return o, err
		}
		o.Walltime = d
	}
	if p.Template != "" {
		path := p.Template
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		text, err := ReadTemplate(path)
		if err != nil {
			return o, err
		}
		o.Template = text
	}
	return o, nil
}

// maxTemplate bounds a job script.
const maxTemplate = 1 << 20

// ReadTemplate reads the template of a job script.
func ReadTemplate(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err == nil && len(b) > maxTemplate {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxTemplate)
	}
	if err != nil {
		return "", fmt.Errorf("template: %w", err)
	}
	return string(b), nil
}

// Apply makes o what a name means: a profile or, if there is none of the name, a
// system without options. "" is the default profile, or this machine. What o
// holds already is kept.
func (f *File) Apply(name string, o *cluster.Options) error {
	if name == "" {
		name = f.Default
	}
	if name == "" {
		return nil
	}
	p, ok := f.Profiles[name]
	if !ok {
		if slices.Contains(launch.Kinds(), name) {
			o.On = name
			return nil
		}
		known := append(f.names(), launch.Kinds()...)
		slices.Sort(known)
		return fmt.Errorf("there is neither a profile nor a system named %q, but %s (profiles: %s)",
			name, strings.Join(slices.Compact(known), ", "), f.Path)
	}
	set, err := f.engineSet(name)
	if err != nil {
		return err
	}
	o.On, o.N, o.Launch, o.EngineArgs, o.Dir, o.LogDir = set.On, set.N, set.Launch, set.EngineArgs, set.Dir, set.LogDir
	o.Env, o.HubArgs, o.Restarts = append(o.Env, set.Env...), p.HubArgs, p.Restarts
	if p.Timeout != "" {
		if o.Timeout, err = time.ParseDuration(p.Timeout); err != nil {
			return err
		}
	}
	for _, other := range p.Also {
		set, err := f.engineSet(other)
		if err != nil {
			return err
		}
		o.Sets = append(o.Sets, set)
	}
	return nil
}

// engineSet is a profile's engines.
func (f *File) engineSet(name string) (cluster.EngineSet, error) {
	p := f.Profiles[name]
	o, err := p.launch(filepath.Dir(f.Path))
	if err != nil {
		return cluster.EngineSet{}, fmt.Errorf("profile %s: %w", name, err)
	}
	set := cluster.EngineSet{
		Name: name, On: p.On, N: p.Engines, Launch: o, EngineArgs: p.EngineArgs, Dir: p.Dir, LogDir: p.LogDir,
	}
	for k, v := range p.Env {
		set.Env = append(set.Env, k+"="+v)
	}
	slices.Sort(set.Env)
	return set, nil
}

// Example is a configuration file to begin with.
const Example = `# Profiles for gopar cluster start --on NAME and parallel.On("NAME").
# gopar config check says what is wrong with this file, and where.

# default: compute        # the profile that is meant if none is named

profiles:
  desk:
    on: local
    engines: 4

  # lab:
  #   on: ssh
  #   engines: 8
  #   hosts: [node1*4, node2*4]

  # compute:
  #   on: slurm
  #   engines: 16
  #   queue: compute        # the partition
  #   account: physics
  #   walltime: 2:00:00     # or 2h; engines are asked to end half a minute before
  #   cpus: 4
  #   memory: 8G
  #   mode: array           # engines start one by one; allocation: all at once
  #   directives: [--constraint=fast]
  #   prologue: |
  #     module load go
  #   env: {OMP_NUM_THREADS: "1"}
`
