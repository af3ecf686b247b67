//go:build !js

// Command playground is a page in which a model learns in the browser: draw points or choose
// a toy, and watch samples, arrows and map of the score while the network trains. It builds
// itself for the browser, where the other main function runs, and serves the page.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gradlogp/gradlogp/examples/internal/command"
)

func main() { command.Main("playground", &job{}) }

// self is what is built for the browser.
const self = "github.com/gradlogp/gradlogp/examples/playground"

//go:embed page
var page embed.FS

// job is what the flags ask for.
type job struct{ address, out string }

// Flags implements command.Job.
func (j *job) Flags(f *flag.FlagSet) {
	f.StringVar(&j.address, "address", "localhost:8080", "address to serve at; port 0 for any")
	f.StringVar(&j.out, "out", "", "write the page to this new or empty folder, for any web server, and end")
}

// Check implements command.Job.
func (j *job) Check() error {
	if j.out == "" {
		return nil
	}
	files, err := os.ReadDir(j.out)
	if len(files) > 0 {
		return fmt.Errorf("-out %s: is not empty, want a new folder", j.out)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Run implements command.Job.
func (j *job) Run(ctx context.Context, stdout, stderr io.Writer) error {
	if j.out != "" {
		return build(ctx, j.out)
	}
	dir, err := os.MkdirTemp("", "playground")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("tcp", j.address)
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Fprintln(stderr, "building the page")
	if err := build(ctx, dir); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "http://%s\n", listener.Addr())
	s := &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { s.Close() })()
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// build writes the whole page to a folder: what is embedded, the program for the browser,
// and the script of the Go distribution that runs it.
func build(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := page.ReadDir("page")
	if err != nil {
		return err
	}
	for _, e := range entries {
		b, err := page.ReadFile("page/" + e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, e.Name()), b, 0o644)
		}
		if err != nil {
			return err
		}
	}
	wasm, err := filepath.Abs(filepath.Join(dir, "playground.wasm"))
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", wasm, self)
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for the browser, in a copy of the repository: %w\n%s", err, text)
	}
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "wasm_exec.js"), script, 0o644)
}
