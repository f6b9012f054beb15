package course

import (
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Lab is one lab: what its lab.yaml says, and where it came from. The tags are the format: docs/reference/lab-yaml.md
// explains each field, and the JSON schema is made from them.
type Lab struct {
	Number string `yaml:"-"` // "010"
	Name   string `yaml:"-"` // "010-chroot", the folder's
	Files  fs.FS  `yaml:"-"` // the folder
	Where  string `yaml:"-"` // the folder as people find it: "labs/010-chroot"
	Inside bool   `yaml:"-"` // it is the one inside the program

	Title   string `yaml:"title,required" doc:"the lab's title, one line"`
	Summary string `yaml:"summary,required" doc:"what the learner will have seen, one sentence"`
	Minutes int    `yaml:"minutes,required" doc:"how long it takes: 5 to 90"`
	Needs   Needs  `yaml:"needs" doc:"what the machine must have"`
	Fence   *Fence `yaml:"fence" doc:"a control group with limits that everything done in the lab stays in"`
	Vars    Vars   `yaml:"vars" doc:"names for processes, paths and texts, used as $name"`
	Setup   Script `yaml:"setup" doc:"shell script that makes the state in which the lab begins; runs at every start, in $work"`
	Tasks   []Task `yaml:"tasks,required" doc:"what there is to do, in order"`
	Reset   Reset  `yaml:"reset" doc:"what reset may remove besides the lab's work directory"`
}

// Needs is what a machine must have for a lab.
type Needs struct {
	Root        bool     `yaml:"root" doc:"the lab is done as root"`
	Cgroup      string   `yaml:"cgroup,v1|v2" doc:"the version in which the first of controllers must sit; without it both will do"`
	Controllers []string `yaml:"controllers" is:"controller" doc:"cgroup controllers, by v1's names: cpu, memory, pids, cpuset, blkio, freezer, devices"`
	Kernel      string   `yaml:"kernel" doc:"the oldest Linux that will do: \"5.12\""`
	Features    []string `yaml:"features" doc:"names of checks of lab doctor: overlay, veth, user"`
	Programs    []string `yaml:"programs" doc:"programs that the lesson types: unshare, ip"`
}

// Fence is a control group that lab makes when the lab is started. Solutions run inside it, and so does the terminal in
// which the learner starts the lab.
type Fence struct {
	Memory string  `yaml:"memory" doc:"the most memory of all together: 256M"`
	PIDs   int     `yaml:"pids" doc:"the most processes and threads"`
	CPUs   float64 `yaml:"cpus" doc:"the most CPU time: 1.5 is one CPU and a half"`
}

// Task is one thing to do.
type Task struct {
	Name     string   `yaml:"name,required" doc:"short name, unique in the lab: own-network"`
	Title    string   `yaml:"title,required" doc:"one line for lists"`
	Text     string   `yaml:"text,required" doc:"what to do, Markdown"`
	Check    *Check   `yaml:"check,required" doc:"when it is done"`
	Hints    []string `yaml:"hints" doc:"from a nudge to nearly the answer, Markdown"`
	Solution Script   `yaml:"solution,required" doc:"shell script that can be typed, line by line; runs in $work"`
	After    string   `yaml:"after" doc:"what to say when it is done, Markdown"`
}

// Reset is what reset may remove. What existed when the lab was started is left, and said.
type Reset struct {
	Processes  []string `yaml:"processes" is:"process" doc:"variables; what they name is killed"`
	Containers []string `yaml:"containers" doc:"names of lab's containers"`
	Images     []string `yaml:"images" doc:"names of lab's images"`
	Namespaces []string `yaml:"namespaces" doc:"files at which a namespace is kept: /run/netns/blue"`
	Mounts     []string `yaml:"mounts" doc:"mount points; those below $work need no mention"`
	Links      []string `yaml:"links" doc:"network devices of the host: br-lab"`
	Cgroups    []string `yaml:"cgroups" doc:"control groups, as a path below the top of their tree; those in the fence need no mention"`
	Sysctls    []string `yaml:"sysctls" doc:"kernel settings that get the value back that they had: net.ipv4.ip_forward"`
	Files      []string `yaml:"files" doc:"files outside of $work"`
}

// Vars are the variables of a lab, in the order of the file: each may use those above it.
type Vars []Var

// Var is a name for something that is looked for anew each time it is needed. Exactly one of the kinds is set.
type Var struct {
	Name    string  `yaml:"-"`
	About   string  `yaml:"about" doc:"what it is, for sentences: the sleep in its own network"`
	Value   string  `yaml:"value" doc:"a text; may use other variables"`
	Output  string  `yaml:"output" is:"shell" doc:"what a shell command prints, without the last line end"`
	Process *Select `yaml:"process" doc:"a process, by what the kernel knows of it"`
}

// Select picks processes; all that is said must be true of them. The one that is likeliest the learner's counts first (see
// whose.go), and each of them may pass a check.
type Select struct {
	Command string  `yaml:"command" doc:"program and arguments, as typed: the program's name without its directory; * stands for any one argument, and a last ... for any more"`
	Root    string  `yaml:"root" doc:"its root directory is this directory"`
	Cwd     string  `yaml:"cwd" doc:"its current directory is this directory"`
	Cgroup  string  `yaml:"cgroup" doc:"it is in this group of any tree, path below the top"`
	Parent  string  `yaml:"parent" is:"process" doc:"a variable: it is a child of that process"`
	Below   string  `yaml:"below" is:"process" doc:"a variable: it descends from that process"`
	UID     *int    `yaml:"uid" doc:"its effective user, as the host sees it"`
	PID     *int    `yaml:"pid-inside" doc:"its number in its own PID namespace: 1"`
	State   string  `yaml:"state,running|sleeping|waiting|stopped|zombie" doc:"running, sleeping, waiting (for a disk), stopped, zombie"`
	In      NSRefs  `yaml:"in" doc:"namespaces that it is in, by kind: a variable, a file, or host"`
	Own     Strings `yaml:"own" is:"kinds" doc:"kinds of namespaces that it does not share with the host"`
	Shared  Strings `yaml:"shared" is:"kinds" doc:"kinds of namespaces that it shares with the host"`
	PIDFile string  `yaml:"pid-file" doc:"its number is in this file"`
}

// Strings is a list of texts; one text alone is a list of one.
type Strings []string

// NSRefs names a namespace for each of some kinds: a process variable, the file at which one is kept, or "host".
type NSRefs map[string]string

// Script is shell text, of which there may be one for each version of control groups.
type Script struct {
	Text   string
	V1, V2 string
}

// For returns the text for a version of control groups, 1 or 2.
func (s Script) For(version int) string {
	switch {
	case s.Text != "":
		return s.Text
	case version == 1:
		return s.V1
	}
	return s.V2
}

// Empty says whether there is no text at all.
func (s Script) Empty() bool { return s.Text == "" && s.V1 == "" && s.V2 == "" }

// Duration is a length of time, as 5s.
type Duration time.Duration

// String says the limits in words: "256M of memory, 200 processes".
func (f *Fence) String() string {
	var list []string
	if f.Memory != "" {
		list = append(list, f.Memory+" of memory")
	}
	if f.PIDs > 0 {
		list = append(list, fmt.Sprintf("%d processes and threads", f.PIDs))
	}
	if f.CPUs > 0 {
		list = append(list, fmt.Sprintf("%g CPUs", f.CPUs))
	}
	return strings.Join(list, ", ")
}
