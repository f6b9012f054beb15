package course

// Check is one question to the kernel, or several. Exactly one of the kinds is set. In the file a list of checks stands
// for all of them.
type Check struct {
	Line int `yaml:"-"`

	Process   *ProcessCheck   `yaml:"process" doc:"a process: whether it is there, what it shares with the host, where it is"`
	Namespace *NamespaceCheck `yaml:"namespace" doc:"a namespace: whose, who is in it, what it holds"`
	Cgroup    *CgroupCheck    `yaml:"cgroup" doc:"a control group: files, members, throttled, OOM-killed, CPU share"`
	Mount     *MountCheck     `yaml:"mount" doc:"a mount, in any mount namespace"`
	File      *FileCheck      `yaml:"file" doc:"a file: content, kind, whiteout, attributes"`
	Network   *NetworkCheck   `yaml:"network" doc:"links, addresses, routes, listening, reachable, in any network namespace"`
	Container *RecordCheck    `yaml:"container" doc:"a container of lab's: state, fields"`
	Image     *RecordCheck    `yaml:"image" doc:"an image of lab's: there or not, fields"`
	Command   *CommandCheck   `yaml:"command" doc:"what a command prints, and how it ends"`
	Go        *GoCheck        `yaml:"go" doc:"the learner's Go code, built and tested"`

	All        []*Check    `yaml:"all" doc:"all of these"`
	Any        []*Check    `yaml:"any" doc:"at least one of these"`
	Not        *Check      `yaml:"not" doc:"not this"`
	Eventually *Eventually `yaml:"eventually" doc:"this, before some time is over"`

	Say  string `yaml:"say" doc:"said instead of the engine's own where the check fails: what was done wrong, one sentence"`
	Look string `yaml:"look" doc:"where to look, instead of the engine's own"`
}

// Eventually asks again until the answer is yes or the time is over.
type Eventually struct {
	Within Duration `yaml:"within,required" doc:"how long: 5s; one minute at most"`
	Check  *Check   `yaml:"check,required" doc:"what shall become true"`
}

// ProcessCheck is about one process, or about how many there are.
type ProcessCheck struct {
	Of     string  `yaml:"of" is:"process" doc:"a process variable"`
	Find   *Select `yaml:"find" doc:"instead of a variable: which process"`
	Exists *bool   `yaml:"exists" doc:"false: there must be none"`
	Count  string  `yaml:"count" is:"count" doc:"how many there must be: 2, >= 2, <= 3"`

	Own     Strings `yaml:"own" is:"kinds" doc:"kinds of namespaces that it must not share with the host: [net, uts]; all is every kind"`
	Shared  Strings `yaml:"shared" is:"kinds" doc:"kinds of namespaces that it must share with the host"`
	Same    NSRefs  `yaml:"same" doc:"namespaces that it must be in, by kind: a variable, a file, or host"`
	Differs NSRefs  `yaml:"differs" doc:"namespaces that it must not be in, by kind"`

	PID    *int   `yaml:"pid-inside" doc:"its number in its own PID namespace"`
	Parent string `yaml:"parent" is:"process" doc:"a variable: its parent"`
	Root   string `yaml:"root" doc:"its root directory is this directory; host is the host's"`
	Cwd    string `yaml:"cwd" doc:"its current directory is this directory"`
	Exe    string `yaml:"exe" doc:"the program that it runs is this file, as seen from the host"`
	State  string `yaml:"state,running|sleeping|waiting|stopped|zombie" doc:"running, sleeping, waiting, stopped, zombie"`

	Cgroup     string `yaml:"cgroup" doc:"the group that it is in, path below the top"`
	Controller string `yaml:"controller" is:"controller" doc:"in the tree of this controller; without it any tree will do"`
	CPUs       string `yaml:"cpus" doc:"the CPUs that it may run on: 1, 0-3"`

	UID    *int    `yaml:"uid" doc:"its effective user, as the host sees it"`
	UIDMap Strings `yaml:"uid-map" doc:"the lines of its uid_map: \"0 1000 1\""`
	GIDMap Strings `yaml:"gid-map" doc:"the lines of its gid_map"`

	Has             Strings `yaml:"has" is:"capability" doc:"effective capabilities that it must have: [net_admin]; all is every one"`
	Lacks           Strings `yaml:"lacks" is:"capability" doc:"effective capabilities that it must not have"`
	Seccomp         string  `yaml:"seccomp,none|strict|filter" doc:"none, strict or filter"`
	NoNewPrivileges *bool   `yaml:"no-new-privileges" doc:"whether no_new_privs is set"`
}

// NamespaceCheck is about one namespace, or about the namespaces of one kind.
type NamespaceCheck struct {
	Kind string `yaml:"kind,required,mnt|uts|ipc|net|pid|user|cgroup|time" doc:"mnt, uts, ipc, net, pid, user, cgroup or time"`
	Of   string `yaml:"of" is:"namespace" doc:"whose: a process variable, the file at which it is kept, or host"`
	New  string `yaml:"new" is:"count" doc:"how many more there must be than when the lab was started: >= 1"`
	Kept *bool  `yaml:"kept" doc:"whether one must be kept at the file of"`
	Own  *bool  `yaml:"own" doc:"true: it is not the host's; false: it is"`

	Members  string  `yaml:"members" is:"count" doc:"how many processes must be in it: 1, >= 2"`
	Holds    Strings `yaml:"holds" is:"process" doc:"variables: processes that must be in it"`
	Owner    string  `yaml:"owner" is:"namespace" doc:"the user namespace that owns it is that of this variable, or the host's"`
	Hostname string  `yaml:"hostname" doc:"uts: its host name"`
	Queues   string  `yaml:"queues" is:"count" doc:"ipc: how many message queues it must have: 1, 0"`
}

// CgroupCheck is about one control group, in the words of either version.
type CgroupCheck struct {
	Path       string `yaml:"path,required" doc:"the group, below the top of its tree: $fence/cpudemo"`
	Controller string `yaml:"controller" is:"controller" doc:"the controller whose tree is meant, by v1's name; without it the one that the other fields ask for"`
	Exists     *bool  `yaml:"exists" doc:"false: it must not be there"`

	Files  map[string]string `yaml:"files" doc:"values by file, in v2's words, translated where v1 has the controller: {cpu.max: 50000 100000, memory.max: <= 64M}"`
	RawV1  map[string]string `yaml:"v1" doc:"values by file, where the controller sits in v1"`
	RawV2  map[string]string `yaml:"v2" doc:"values by file, where it sits in v2"`
	Holds  Strings           `yaml:"holds" is:"process" doc:"variables: processes that must be in it"`
	Tasks  string            `yaml:"members" is:"count" doc:"how many processes must be in it: >= 1, 0"`
	Thrott *bool             `yaml:"throttled" doc:"whether it has been held back by its CPU quota"`
	OOM    *bool             `yaml:"oom-killed" doc:"whether the OOM killer has ended a member"`
	Full   *bool             `yaml:"pids-refused" doc:"whether a fork was refused by pids.max"`
	Frozen *bool             `yaml:"frozen" doc:"whether it is frozen"`

	CPU   *Share `yaml:"cpu" doc:"how much CPU time it uses, measured now"`
	Ratio *Ratio `yaml:"ratio" doc:"how its CPU time compares to another group's, measured now"`
}

// Share is CPU time in percent of one CPU.
type Share struct {
	Percent   float64  `yaml:"percent,required" doc:"of one CPU"`
	Tolerance float64  `yaml:"tolerance" doc:"points more or less that will do; 15 where it is not said"`
	Over      Duration `yaml:"over" doc:"how long to measure; 2s where it is not said"`
}

// Ratio compares the CPU time of two groups.
type Ratio struct {
	To        string   `yaml:"to,required" doc:"the other group"`
	Is        float64  `yaml:"is,required" doc:"how many times as much: 3"`
	Tolerance float64  `yaml:"tolerance" doc:"part of it that may be missing or too much; 0.35 where it is not said"`
	Over      Duration `yaml:"over" doc:"how long to measure; 3s where it is not said"`
}

// MountCheck is about what is mounted at one place: the topmost mount there.
type MountCheck struct {
	At     string `yaml:"at,required" doc:"mount point, as seen in that mount namespace"`
	In     string `yaml:"in" is:"where" doc:"whose mount namespace: a variable, or host; the host's where it is not said"`
	Exists *bool  `yaml:"exists" doc:"false: nothing must be mounted there"`

	Type        string  `yaml:"type" doc:"file system: overlay, proc, tmpfs"`
	Source      string  `yaml:"source" doc:"what is mounted, as mountinfo says it"`
	Of          string  `yaml:"bind-of" doc:"it shows this directory or file of the host: the same device and inode"`
	Options     Strings `yaml:"options" doc:"options that it must have, of the mount or of the file system: ro, nosuid"`
	Without     Strings `yaml:"without" doc:"options that it must not have"`
	Propagation string  `yaml:"propagation,private|shared|slave|unbindable" doc:"private, shared, slave or unbindable"`
	Lower       Strings `yaml:"lower" doc:"overlay: lower directories, topmost first"`
	Upper       string  `yaml:"upper" doc:"overlay: upper directory"`
	Work        string  `yaml:"work" doc:"overlay: work directory"`
}

// FileCheck is about one file.
type FileCheck struct {
	Path   string `yaml:"path,required" doc:"the file"`
	In     string `yaml:"in" is:"process" doc:"a variable: the path as that process sees it"`
	Exists *bool  `yaml:"exists" doc:"false: it must not be there"`

	Kind     string            `yaml:"kind,file|directory|symlink|fifo|socket|char|block|whiteout" doc:"file, directory, symlink, fifo, socket, char, block or whiteout"`
	Content  *string           `yaml:"content" doc:"all that is in it, but for space at the ends"`
	Contains Strings           `yaml:"contains" doc:"texts that must be in it"`
	Lacks    Strings           `yaml:"lacks" doc:"texts that must not be in it"`
	Matches  string            `yaml:"matches" is:"regexp" doc:"regular expression that must be found in it"`
	Target   string            `yaml:"target" doc:"where the symbolic link leads"`
	SameAs   string            `yaml:"same-file" doc:"it is the same file, by device and inode, as this one of the host"`
	Opaque   *bool             `yaml:"opaque" doc:"overlay: whether the directory hides what lower layers have in it"`
	Xattr    map[string]string `yaml:"xattr" doc:"extended attributes: {user.note: hello}; * is any value"`
	Owner    string            `yaml:"owner" doc:"numbers of user and group, as seen from the host: \"1000:1000\""`
	Mode     string            `yaml:"mode" doc:"permission bits: \"0755\""`
	Device   string            `yaml:"device" doc:"numbers of the device file: \"1:3\""`
}

// NetworkCheck is about one network namespace.
type NetworkCheck struct {
	In string `yaml:"in" is:"namespace" doc:"whose network namespace: a variable, the file at which it is kept, or host; the host's where it is not said"`

	Links     Strings           `yaml:"links" doc:"all the devices that there must be, no more and no less: [lo]"`
	Link      *LinkCheck        `yaml:"link" doc:"one device"`
	Route     *RouteCheck       `yaml:"route" doc:"one route"`
	Listening *ListenCheck      `yaml:"listening" doc:"somebody listens"`
	Reaches   *ReachCheck       `yaml:"reaches" doc:"an answer comes back from there"`
	Sysctl    map[string]string `yaml:"sysctl" doc:"kernel settings of the namespace: {net.ipv4.ip_forward: 1}"`
}

// LinkCheck is about one network device.
type LinkCheck struct {
	Name    string `yaml:"name,required" doc:"the device: eth0; * stands for any text"`
	Exists  *bool  `yaml:"exists" doc:"false: it must not be there"`
	Kind    string `yaml:"kind" doc:"veth, bridge, loopback, vxlan, dummy …"`
	Up      *bool  `yaml:"up" doc:"whether it is up"`
	Address string `yaml:"address" doc:"an address that it has: 10.0.0.2/24"`
	Master  string `yaml:"master" doc:"the bridge that it is plugged into"`
	Peer    string `yaml:"peer-in" is:"namespace" doc:"veth: whose namespace the other end is in, as In"`
}

// RouteCheck is about one IPv4 or IPv6 route of the main table.
type RouteCheck struct {
	To     string `yaml:"to,required" doc:"default, or a network: 10.0.0.0/24"`
	Exists *bool  `yaml:"exists" doc:"false: it must not be there"`
	Via    string `yaml:"via" doc:"the gateway"`
	Dev    string `yaml:"dev" doc:"the device"`
}

// ListenCheck is about a socket that waits for others.
type ListenCheck struct {
	Port     int    `yaml:"port,required" doc:"number of the port"`
	Protocol string `yaml:"protocol,tcp|udp" doc:"tcp or udp; tcp where it is not said"`
	Address  string `yaml:"address" doc:"at this address: 127.0.0.1; any where it is not said"`
	Exists   *bool  `yaml:"exists" doc:"false: nobody must"`
}

// ReachCheck sends something and waits for the answer.
type ReachCheck struct {
	Address string   `yaml:"address,required" doc:"where to: 10.0.0.1"`
	Port    int      `yaml:"port" doc:"a TCP port; without it, an echo request (ping)"`
	Within  Duration `yaml:"within" doc:"how long to wait; 2s where it is not said"`
	Exists  *bool    `yaml:"exists" doc:"false: no answer must come"`
}

// RecordCheck is about a container or an image of lab's, as `lab inspect` prints it.
type RecordCheck struct {
	Name   string            `yaml:"name,required" doc:"its name"`
	Exists *bool             `yaml:"exists" doc:"false: it must not be there"`
	State  string            `yaml:"state" doc:"container: created, running, paused, exited"`
	Fields map[string]string `yaml:"fields" doc:"values by path in what lab inspect prints: {Config.Hostname: web}; * is any value"`
}

// CommandCheck runs a command and judges what comes of it. Use it where nothing else says it: it runs with what the
// learner's machine has.
type CommandCheck struct {
	Run      string   `yaml:"run,required" is:"shell" doc:"shell command, run in $work without input"`
	In       string   `yaml:"in" is:"process" doc:"a variable: run it in all namespaces and below the root of that process"`
	Exit     *int     `yaml:"exit" doc:"its exit status; 0 where it is not said"`
	Output   *string  `yaml:"output" doc:"all that it prints, but for space at the ends"`
	Contains Strings  `yaml:"contains" doc:"texts that it must print"`
	Lacks    Strings  `yaml:"lacks" doc:"texts that it must not print"`
	Matches  string   `yaml:"matches" is:"regexp" doc:"regular expression that must be found in what it prints"`
	Within   Duration `yaml:"within" doc:"how long it may take; 5s where it is not said"`
}

// GoCheck builds the learner's Go package in $work and runs tests of the lab against it.
type GoCheck struct {
	Tests  Strings  `yaml:"tests,required" is:"file" doc:"files of the lab: testdata/root_test.go; they are put beside the learner's files for the run"`
	Run    string   `yaml:"run" is:"regexp" doc:"which tests, a regular expression, as go test -run takes it; all where it is not said"`
	Within Duration `yaml:"within" doc:"how long build and tests may take; 2m where it is not said"`
}
