//go:build unix

package command

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stubborn goes on with what it has after an interrupt, as examples do.
type stubborn struct{}

func (stubborn) Flags(*flag.FlagSet) {}
func (stubborn) Check() error        { return nil }
func (stubborn) Run(ctx context.Context, stdout, _ io.Writer) error {
	fmt.Fprintln(stdout, "begun")
	<-ctx.Done()
	fmt.Fprintln(stdout, "interrupted")
	time.Sleep(time.Minute)
	return nil
}

// All interrupts after the first were swallowed, so that Ctrl-C could not end a command
// that sampled what it had learned.
func TestTheSecondInterruptEndsTheProcess(t *testing.T) {
	const child = "GRADLOGP_COMMAND_CHILD"
	if os.Getenv(child) != "" {
		os.Args = os.Args[:1]
		Main("stubborn", stubborn{})
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestTheSecondInterruptEndsTheProcess$")
	c.Env = append(os.Environ(), child+"=1")
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	lines := bufio.NewScanner(out)
	for _, want := range []string{"begun", "interrupted"} {
		require.True(t, lines.Scan())
		require.Equal(t, want, lines.Text())
		require.NoError(t, c.Process.Signal(os.Interrupt))
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Wait()
	}()
	for range 200 { // the first of them may come while the old handler is taken down
		select {
		case <-ended:
			require.False(t, c.ProcessState.Success())
			return
		case <-time.After(10 * time.Millisecond):
			_ = c.Process.Signal(os.Interrupt)
		}
	}
	require.Fail(t, "the process goes on after interrupts")
}
