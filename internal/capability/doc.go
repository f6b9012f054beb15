// Package capability names the pieces into which Linux has cut root's power.
//
// A process does not ask "am I root?"; the kernel asks "does this thread hold
// CAP_NET_ADMIN?". There are 41 such capabilities, numbered from 0, and every
// thread carries five sets of them, each a bit mask (capabilities(7)):
//
//	permitted    what it may switch on
//	effective    what the kernel looks at when it decides
//	inheritable  what may pass through execve to a file that asks for it
//	ambient      what passes through execve to any file
//	bounding     the ceiling: what is not here can never be gained by execve
//
// A container is started with fourteen ([Default]), the list that Docker
// settled on: enough for a package manager and a web server, not enough to
// mount, load modules or set the clock.
//
// This package is names, numbers and masks only, and makes one system call at
// most (reading /proc/sys/kernel/cap_last_cap, in [Last]). Changing the
// calling thread's sets is the business of whoever starts the container.
package capability
