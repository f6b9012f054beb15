package loop

// The descriptors that the process finds when it starts, and keeps in these places: the unused ones are /dev/null, so that nothing else
// gets there, in whatever program this process becomes.
const (
	LockFD     = 3 // the lock on the container's ledger, which says that somebody runs it
	ListenFD   = 4 // the socket that people attach to
	StdinFD    = 5 // the pipe to the container's standard input
	StdoutFD   = 6 // the pipes from its output
	StderrFD   = 7
	TerminalFD = 8  // or, instead of the three, the master side of its terminal
	ProcessFD  = 9  // a pidfd of its first process
	DirFD      = 10 // its directory
	LastFD     = DirFD
)

// MinFiles is the RLIMIT_NOFILE with which a container can have this process beside it: ownFiles are for itself (LastFD and below, its log,
// its notes, one who is turned away), the others for those who attach.
const (
	MinFiles = 32
	ownFiles = LastFD + 1 + 13
)

// Attached people and the monitor exchange packets on a socket of type SOCK_SEQPACKET: one byte that says what it is, and the
// data. A packet has at most MaxPacket bytes of data.
const (
	Hello  = 'a' // first, from who attaches: "o" for output wanted, "" for input alone
	Input  = 'i' // for the container
	EndIn  = 'e' // no more input: its standard input is closed
	Resize = 'w' // rows and columns, two bytes each, high byte first
	Stdout = 'o' // from the container
	Stderr = 'r'
	Exited = 'x' // it has ended: its exit status in decimal digits
	Full   = 'f' // no more may be attached than this number of decimal digits

	MaxClients = 256 // fewer, where the limit of open files (RLIMIT_NOFILE) is low

	Backlog = 128 // how many may wait to be let in (listen(2))

	MaxPacket = 32 << 10
)

// Names in the container's directory.
const (
	SocketFile  = "attach"
	EndFile     = "end"
	StoppedFile = "stopped" // there when somebody asked the container to stop: it is not started again
	// OthersFinish in that file says that who asked also puts everything in order: the monitor only notes the end.
	OthersFinish = "others finish\n"
	// OthersRemove says that besides: nothing of the container will be needed again.
	OthersRemove = "others remove\n"
	// RestartFile holds a restart policy that was given to the container while it ran: "on-failure 3".
	RestartFile = "restart"
	LogDir      = "log"
)
