// Package onnxtest runs models in ONNX Runtime, for tests of what is exported. It needs
// Node.js and its packages:
//
//	npm install --ignore-scripts --prefix DIR onnxruntime-node onnxruntime-web
//	GRADLOGP_ONNXRUNTIME=DIR/node_modules go test -run Runtime -v ./nn/onnx ./score/export
//
// Without the variable, or without node, such tests are skipped and say so.
package onnxtest

import (
	_ "embed"
	encode "encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed run.mjs
var script []byte

// Variable names the folder node_modules that has the packages.
const Variable = "GRADLOGP_ONNXRUNTIME"

// Engine is one of ONNX Runtime's packages.
type Engine struct {
	Name    string // onnxruntime-node or onnxruntime-web
	modules string
}

// Case is a model to run. Repeat is how often it is run once more to measure the time.
type Case struct {
	Model  []byte            `json:"model"`
	Inputs map[string]Tensor `json:"inputs"`
	Repeat int               `json:"repeat"`
}

// Tensor holds numbers row by row.
type Tensor struct {
	Dims []int
	Data []float32
}

// Result is what a model returned, and the mean time of a run on one thread.
type Result struct {
	Outputs map[string]Tensor
	Seconds float64
	Error   string
}

// wired is a Tensor as the script has it.
type wired struct {
	Dims []int  `json:"dims"`
	Data []byte `json:"data"`
}

// MarshalJSON implements json.Marshaler.
func (t Tensor) MarshalJSON() ([]byte, error) {
	w := wired{Dims: t.Dims}
	for _, v := range t.Data {
		w.Data = encode.LittleEndian.AppendUint32(w.Data, math.Float32bits(v))
	}
	return json.Marshal(w)
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Tensor) UnmarshalJSON(b []byte) error {
	var w wired
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	t.Dims = w.Dims
	for ; len(w.Data) >= 4; w.Data = w.Data[4:] {
		t.Data = append(t.Data, math.Float32frombits(encode.LittleEndian.Uint32(w.Data)))
	}
	return nil
}

// Engines returns those that are there. It skips the test when there are none.
func Engines(t testing.TB) []Engine {
	modules := os.Getenv(Variable)
	if modules == "" {
		t.Skipf("%s is not set: the models are not run in ONNX Runtime", Variable)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed: the models are not run in ONNX Runtime")
	}
	modules, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	var all []Engine
	for _, name := range []string{"onnxruntime-node", "onnxruntime-web"} {
		if _, err := os.Stat(filepath.Join(modules, name)); err == nil {
			all = append(all, Engine{name, modules})
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s=%s has neither onnxruntime-node nor onnxruntime-web", Variable, modules)
	}
	return all
}

// Run runs the cases one after the other in one process. A case that fails has an Error.
func (e Engine) Run(t testing.TB, cases []Case) []Result {
	dir := t.TempDir()
	program, file := filepath.Join(dir, "run.mjs"), filepath.Join(dir, "cases.json")
	text, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{program: script, file: text} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("node", program, e.modules, e.Name, file).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", e.Name, err, out)
	}
	text, err = os.ReadFile(file + ".out")
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	return results
}
