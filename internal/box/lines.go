package box

import (
	"bufio"
	"errors"
	"io"
)

// eachLine calls do with every line, with its newline if it has one; do returns false to stop.
func eachLine(r io.Reader, do func(line string) bool) error {
	br := bufio.NewReaderSize(r, 32<<10)
	for {
		line, err := br.ReadString('\n')
		if line != "" && !do(line) {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
