package main

import "time"

// What inspect says of a container: the names, and the order, of Docker's API.
type containerAbout struct {
	ID              string `json:"Id"`
	Created         time.Time
	Path            string
	Args            []string
	State           stateAbout
	Image           string
	ResolvConfPath  string
	HostnamePath    string
	HostsPath       string
	LogPath         string
	Name            string
	RestartCount    int
	Driver          string
	Platform        string
	MountLabel      string
	ProcessLabel    string
	AppArmorProfile string
	ExecIDs         []string
	HostConfig      hostConfigAbout
	GraphDriver     driverAbout
	SizeRw          *int64 `json:",omitempty"`
	SizeRootFs      *int64 `json:",omitempty"`
	Mounts          []mountAbout
	Config          configAbout
	NetworkSettings networkAbout
	Bundle          string // the directory with config.json, upper and work: lab's own
}

type stateAbout struct {
	Status     string
	Running    bool
	Paused     bool
	Restarting bool
	OOMKilled  bool
	Dead       bool
	Pid        int
	ExitCode   int
	Error      string
	StartedAt  time.Time
	FinishedAt time.Time
}

type driverAbout struct {
	Data map[string]string
	Name string
}

type mountAbout struct {
	Type        string
	Name        string `json:",omitempty"`
	Source      string
	Destination string
	Driver      string `json:",omitempty"`
	Mode        string
	RW          bool
	Propagation string
}

type configAbout struct {
	Hostname     string
	Domainname   string
	User         string
	AttachStdin  bool
	AttachStdout bool
	AttachStderr bool
	ExposedPorts map[string]struct{} `json:",omitempty"`
	Tty          bool
	OpenStdin    bool
	StdinOnce    bool
	Env          []string
	Cmd          []string
	Image        string
	Volumes      map[string]struct{}
	WorkingDir   string
	Entrypoint   []string
	OnBuild      []string
	Labels       map[string]string
	StopSignal   string `json:",omitempty"`
	StopTimeout  *int   `json:",omitempty"`
}

type hostConfigAbout struct {
	Binds             []string
	ContainerIDFile   string
	LogConfig         logAbout
	NetworkMode       string
	PortBindings      map[string][]portAbout
	RestartPolicy     restartAbout
	AutoRemove        bool
	VolumeDriver      string
	VolumesFrom       []string
	CapAdd            []string
	CapDrop           []string
	CgroupnsMode      string
	DNS               []string `json:"Dns"`
	DNSOptions        []string `json:"DnsOptions"`
	DNSSearch         []string `json:"DnsSearch"`
	ExtraHosts        []string
	IpcMode           string
	Links             []string
	OomScoreAdj       int
	PidMode           string
	Privileged        bool
	PublishAllPorts   bool
	ReadonlyRootfs    bool
	SecurityOpt       []string
	Tmpfs             map[string]string
	UTSMode           string
	UsernsMode        string
	ShmSize           int64
	Sysctls           map[string]string
	Runtime           string
	CPUShares         int64 `json:"CpuShares"`
	Memory            int64
	NanoCpus          int64
	CgroupParent      string
	BlkioWeight       uint64
	BlkioReadBps      []throttleAbout `json:"BlkioDeviceReadBps"`
	BlkioWriteBps     []throttleAbout `json:"BlkioDeviceWriteBps"`
	BlkioReadIOps     []throttleAbout `json:"BlkioDeviceReadIOps"`
	BlkioWriteIOps    []throttleAbout `json:"BlkioDeviceWriteIOps"`
	CPUPeriod         int64           `json:"CpuPeriod"`
	CPUQuota          int64           `json:"CpuQuota"`
	CpusetCpus        string
	CpusetMems        string
	Devices           []deviceAbout
	MemoryReservation int64
	MemorySwap        int64
	MemorySwappiness  *uint64
	OomKillDisable    bool
	PidsLimit         int64
	Ulimits           []ulimitAbout
	MaskedPaths       []string
	ReadonlyPaths     []string
	Init              bool
}

type logAbout struct {
	Type   string
	Config map[string]string
}

type restartAbout struct {
	Name              string
	MaximumRetryCount int
}

type deviceAbout struct {
	PathOnHost        string
	PathInContainer   string
	CgroupPermissions string
}

type throttleAbout struct {
	Path string
	Rate uint64
}

type ulimitAbout struct {
	Name string
	Hard uint64
	Soft uint64
}

type portAbout struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

type networkAbout struct {
	Bridge              string
	SandboxID           string
	SandboxKey          string
	Ports               map[string][]portAbout
	EndpointID          string
	Gateway             string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	IPAddress           string
	IPPrefixLen         int
	IPv6Gateway         string
	MacAddress          string
	Networks            map[string]endpointAbout
}

type endpointAbout struct {
	Links               []string
	Aliases             []string
	NetworkID           string
	EndpointID          string
	Gateway             string
	IPAddress           string
	IPPrefixLen         int
	IPv6Gateway         string
	GlobalIPv6Address   string
	GlobalIPv6PrefixLen int
	MacAddress          string
}
