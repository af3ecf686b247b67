// Package command is the frame of an example: flags, Ctrl-C, and the exit status.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

// Job is a command. Flags declares its flags, Check refuses what could only fail
// later, and Run does the work, whose context an interrupt ends.
type Job interface {
	Flags(f *flag.FlagSet)
	Check() error
	Run(ctx context.Context, stdout, stderr io.Writer) error
}

// Main runs the job with the arguments of the process, says on standard error what time
// and memory it took, and ends the process with status 1 on an error. After the first
// interrupt the job may go on with what it has; the second one ends the process.
func Main(name string, j Job) {
	begin := time.Now()
	err := Parse(name, j, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		context.AfterFunc(ctx, stop)
		err = j.Run(ctx, os.Stdout, os.Stderr)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "%.1f s%s\n", time.Since(begin).Seconds(), cost())
}

// Parse reads the flags into the job and checks it.
func Parse(name string, j Job, args []string) error {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	j.Flags(f)
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	return j.Check()
}
