// Package commandtest tests examples.
package commandtest

import (
	"bytes"
	"context"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

// most is the size of a committed picture.
const most = 300 << 10

// Same runs a job with one worker on one processor and with three on four, and
// fails the test unless output and files are the same and no file is too large
// to be committed. open returns the job and the files that it writes. Same
// returns the output and the contents of the files.
func Same(t *testing.T, open func(workers string) (j command.Job, files []string)) (stdout string, contents [][]byte) {
	t.Helper()
	run := func(workers string, procs int) (stdout string, contents [][]byte) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		j, files := open(workers)
		var b bytes.Buffer
		if err := j.Run(context.Background(), &b, io.Discard); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			c, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if len(c) > most {
				t.Errorf("%s has %d bytes", f, len(c))
			}
			contents = append(contents, c)
		}
		return b.String(), contents
	}
	stdout, contents = run("1", 1)
	other, otherContents := run("3", 4)
	if stdout != other {
		t.Errorf("the output depends on the workers:\n%s\n%s", stdout, other)
	}
	for i, c := range contents {
		if !bytes.Equal(c, otherContents[i]) {
			t.Errorf("file %d depends on the workers", i)
		}
	}
	return stdout, contents
}
