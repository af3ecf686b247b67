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
		err = p.add(data)
	}
	if err != nil {
		return fmt.Errorf("-peer %s: %w", p.file, err)
	}
	return nil
}

// measure runs the command, if there is one, for a group of benchmarks.
func (p *peer) measure(ctx context.Context, stderr io.Writer, group string) error {
	if p.command == "" {
		return nil
	}
	c := exec.CommandContext(ctx, p.command, group)
	c.Stderr = stderr
	data, err := c.Output()
	if err == nil {
		err = p.add(data)
	}
	if err != nil {
		return fmt.Errorf("-peer-command %s: %w", p.command, err)
	}
	return nil
}

// add takes figures in JSON: the work a second that the benchmarks show.
func (p *peer) add(data []byte) error {
	var one struct {
		Name    string             `json:"name"`
		Figures map[string]float64 `json:"figures"`
	}
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	if p.name = one.Name; p.figures == nil {
		p.figures = make(map[string][]float64)
	}
	for _, name := range slices.Sorted(maps.Keys(one.Figures)) {
		p.figures[name] = append(p.figures[name], one.Figures[name])
	}
	return nil
}
