package container

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// End is how a container's first process ended: what its monitor writes, in one line of its file end, the moment it knows.
// It is apart from the record so that a monitor need not know what a record is, and never fights with others over it.
type End struct {
	PID        int // which process: a file that an earlier run left says nothing about this one
	StartTime  uint64
	Boot       string
	Code       int // the program's own status; 128+n when signal n ended it
	Finished   time.Time
	Restarting bool // the monitor is going to start it again
}

const endFile = "end"

// String is the line: PID, start time, boot, status, end in ns since 1970, and perhaps "restarting".
func (e End) String() string {
	line := strconv.Itoa(e.PID) + " " + strconv.FormatUint(e.StartTime, 10) + " " + e.Boot + " " + strconv.Itoa(e.Code) + " " +
		strconv.FormatInt(e.Finished.UnixNano(), 10)
	if e.Restarting {
		line += " restarting"
	}
	return line + "\n"
}

// ReadEnd reads the file in a container's directory. The error is fs.ErrNotExist where no monitor has seen an end.
func ReadEnd(dir string) (End, error) { return NewReader(nil).end(dir) }

func (r *Reader) end(dir string) (End, error) {
	data, err := r.read(dir + "/" + endFile)
	if err != nil {
		return End{}, fmt.Errorf("read the container's end: %w", err)
	}
	return parseEnd(string(data))
}

func parseEnd(line string) (End, error) {
	fields := strings.Fields(line)
	if len(fields) < 5 || !strings.HasSuffix(line, "\n") {
		return End{}, errors.New("read the container's end: the line is torn")
	}
	e := End{Boot: fields[2], Restarting: len(fields) > 5 && fields[5] == "restarting"}
	var nano int64
	var failed [4]error
	e.PID, failed[0] = strconv.Atoi(fields[0])
	e.StartTime, failed[1] = strconv.ParseUint(fields[1], 10, 64)
	e.Code, failed[2] = strconv.Atoi(fields[3])
	nano, failed[3] = strconv.ParseInt(fields[4], 10, 64)
	if err := errors.Join(failed[:]...); err != nil {
		return End{}, fmt.Errorf("read the container's end: %w", err)
	}
	e.Finished = time.Unix(0, nano)
	return e, nil
}
