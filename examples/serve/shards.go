package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gradlogp/gradlogp/score"
)

// sharedRows are those of the run that is shared.
const sharedRows = 3000

// share draws the rows of a run in processes of their own, which stand for machines: each
// has the model's file, the seed, and the number of its first row, and knows of no other.
func (j *job) share(ctx context.Context, m *score.Model, stdout io.Writer) error {
	dir, err := os.MkdirTemp("", "serve")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := m.SaveFile(path); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	// One process has all rows, the others a share of them.
	answers, errs := make([]string, j.shards+1), make([]error, j.shards+1)
	var group sync.WaitGroup
	for k := range answers {
		group.Go(func() {
			from, to := 0, sharedRows
			if k > 0 {
				from, to = sharedRows*(k-1)/j.shards, sharedRows*k/j.shards
			}
			answers[k], errs[k] = shard(ctx, program, path, from, to-from)
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	one, several := rowsOf(answers[0]), rowsOf(strings.Join(answers[1:], ""))
	fmt.Fprintf(stdout, "%d rows of one process, %d of %d processes", strings.Count(one, "\n"), strings.Count(several, "\n"), j.shards)
	if one != several {
		fmt.Fprintln(stdout, ": they differ")
		return errors.New("the rows differ")
	}
	fmt.Fprintln(stdout, ": the same to the last digit")
	return nil
}

// rowsOf returns the lines that are rows.
func rowsOf(answer string) string {
	var b strings.Builder
	for l := range strings.Lines(answer) {
		if strings.HasPrefix(l, `{"row":`) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// shard asks a process of its own for rows.
func shard(ctx context.Context, program, model string, first, n int) (answer string, err error) {
	command := exec.CommandContext(ctx, program, "-model", model, "-address", "localhost:0")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	out, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	defer func() {
		_ = command.Process.Signal(os.Interrupt)
		err = errors.Join(err, command.Wait())
	}()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", err
	}
	return ask(ctx, http.DefaultClient, strings.TrimSpace(url), "sample", fmt.Sprintf(`{"n":%d,"first":%d,"seed":7}`, n, first))
}
