// Command gen writes the assembly of package kernel: for each family of
// kernels NAME_amd64.s and, with its Go declarations, NAME_amd64.go
// in the parent folder.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// families has a row for each pair of generated files.
var families = []struct {
	name string
	emit func(*build.Context)
}{
	{"peak", peak},
	{"unary", unary},
	{"arithmetic", arithmetic},
	{"memory", memory},
	{"optimizer", optimizer},
	{"gemm", gemm},
	{"narrow", narrow},
	{"pack", pack},
}

func main() {
	for _, f := range families {
		if err := write(filepath.Join("..", f.name+"_amd64"), f.emit); err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
	}
	if err := writeChoice(filepath.Join("..", "unary_choice_amd64.go")); err != nil {
		log.Fatal(err)
	}
}

func write(path string, emit func(*build.Context)) error {
	c := build.NewContext()
	c.Constraint(buildtags.Not("purego"))
	emit(c)
	file, err := c.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return err
	}
	cfg := printer.Config{Name: "the avo program in gen", Pkg: "kernel"}
	for _, p := range []struct {
		suffix string
		build  printer.Builder
	}{{".s", printer.NewGoAsm}, {".go", printer.NewStubs}} {
		text, err := p.build(cfg).Print(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+p.suffix, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
