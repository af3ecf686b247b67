package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
)

// peer is another program that does the same work.
type peer struct {
	file, command string

	name    string
	figures map[string][]float64 // by the benchmark's name: one for each round
}

// read takes the figures of the file, if there is one.
func (p *peer) read() error {
	if p.file == "" {
		return nil
	}
	data, err := os.ReadFile(p.file)
	if err == nil {
		_, err = p.add(data)
	}
	if err != nil {
		return fmt.Errorf("-peer %s: %w", p.file, err)
	}
	return nil
}

// measure runs the command, if there is one, for a group of benchmarks, or a single
// one, and returns the largest resident set of the process in bytes, 0 where the
// system does not tell or the program has no figure.
func (p *peer) measure(ctx context.Context, stderr io.Writer, name string) (int64, error) {
	if p.command == "" {
		return 0, nil
	}
	c := exec.CommandContext(ctx, p.command, name)
	c.Stderr = stderr
	data, err := c.Output()
	figures := 0
	if err == nil {
		figures, err = p.add(data)
	}
	if err != nil {
		return 0, fmt.Errorf("-peer-command %s: %w", p.command, err)
	}
	if figures == 0 {
		return 0, nil
	}
	return residentSet(c.ProcessState), nil
}

// add takes figures in JSON, the work a second that the benchmarks show, and returns
// how many there are.
func (p *peer) add(data []byte) (int, error) {
	var one struct {
		Name    string             `json:"name"`
		Figures map[string]float64 `json:"figures"`
	}
	if err := json.Unmarshal(data, &one); err != nil {
		return 0, err
	}
	if p.name = one.Name; p.figures == nil {
		p.figures = make(map[string][]float64)
	}
	for _, name := range slices.Sorted(maps.Keys(one.Figures)) {
		p.figures[name] = append(p.figures[name], one.Figures[name])
	}
	return len(one.Figures), nil
}
