package arrows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/gradlogp/gradlogp"
	root   = "../../.."
)

// rule says what the packages below a folder may import, besides the standard
// library and gonum. The rule of the longest matching folder counts.
type rule struct {
	folder  string
	own     []string // packages of this module; "sde/..." includes those below
	foreign []string // other modules' packages and those below
}

var rules = []rule{
	{folder: "sde", own: []string{"sde/..."}},
	{folder: "sde/noise", foreign: []string{"golang.org/x/sys/cpu"}},
	{folder: "nn/internal/kernel", foreign: []string{"golang.org/x/sys/cpu"}},
	{folder: "nn/pool"},
	{folder: "nn/ad", own: []string{"nn/internal/kernel", "nn/pool"}},
	{folder: "nn/checkpoint"},
	{folder: "nn/smooth", own: []string{"nn/internal/kernel", "nn/pool"}},
	{folder: "nn/onnx", own: []string{"nn", "nn/ad", "nn/checkpoint"}},
	{folder: "nn/optim", own: []string{"nn", "nn/ad", "nn/internal/kernel", "nn/pool"}},
	{folder: "nn", own: []string{"nn/ad", "nn/internal/kernel"}},
	{folder: "sampler", own: []string{"sampler/...", "sde/..."}},
	{folder: "sampler/grid", own: []string{"sde/..."}},
	{folder: "score", own: []string{"sde/...", "nn", "nn/ad", "nn/checkpoint", "nn/optim", "nn/pool", "nn/smooth"}},
	{folder: "score/inference", own: []string{"sde/...", "sampler/...", "score", "nn", "nn/ad", "nn/optim", "nn/pool"}},
	{folder: "score/export", own: []string{"sde/...", "sampler/...", "score", "nn", "nn/ad", "nn/onnx"}},
	{folder: "score/record", own: []string{"score", "nn"}},
	{folder: "score/record/bar", own: []string{"score"}, foreign: []string{"github.com/schollz/progressbar/v3"}},
	{folder: "dataset", own: []string{"dataset", "dataset/boost", "dataset/internal/onfile", "dataset/internal/replace", "dataset/rows", "dataset/table", "dataset/twosample"}},
	{folder: "dataset/boost"},
	{folder: "dataset/figure", own: []string{"dataset/calibration", "dataset/table", "dataset/twosample"}, foreign: []string{"gonum.org/v1/plot"}},
	{
		folder:  "examples",
		own:     []string{"examples/internal/...", "sde/...", "nn", "nn/ad", "nn/checkpoint", "nn/onnx", "nn/optim", "nn/pool", "score/...", "sampler/...", "dataset/..."},
		foreign: []string{"gonum.org/v1/plot"},
	},
}

// forTests are packages that serve tests and that nothing else imports.
var forTests = []string{"dataset/fixture", "sde/sdetest", "sampler/samplertest", "examples/internal/command/commandtest", "examples/internal/digits/digitstest", "nn/onnx/onnxtest"}

// allowed reports whether a package of the module may import another package.
func allowed(from, to string) bool {
	var r rule
	for _, c := range rules {
		if below(from, c.folder) && len(c.folder) > len(r.folder) {
			r = c
		}
	}
	name, own := strings.CutPrefix(to, module+"/")
	switch {
	case own && slices.Contains(forTests, name):
		return false
	case own:
		return slices.ContainsFunc(r.own, func(p string) bool {
			folder, tree := strings.CutSuffix(p, "/...")
			return name == folder || tree && below(name, folder)
		})
	case !strings.Contains(strings.Split(to, "/")[0], "."):
		return r.folder != "" && to != "C" // the standard library has no dot in its first element
	default:
		return below(to, "gonum.org/v1/gonum") || slices.ContainsFunc(r.foreign, func(p string) bool { return below(to, p) })
	}
}

func below(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// goFiles parses the heads of the module's non-test files, by package folder.
// Reading the files, where the go command would list packages, sees those of
// every platform, and lets the test cache notice a change in any of them.
func goFiles(t *testing.T) map[string][]*ast.File {
	files := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p == root {
				return nil
			}
			_, err := os.Stat(filepath.Join(p, "go.mod"))
			if err == nil || name == "testdata" || name[0] == '.' || name[0] == '_' {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name[0] == '.' || name[0] == '_' {
			return nil
		}
		f, err := parser.ParseFile(set, p, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		folder := path.Dir(filepath.ToSlash(rel))
		files[folder] = append(files[folder], f)
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, files, "sde")
	require.Contains(t, files, "nn/checkpoint")
	return files
}

func TestImportsFollowThePicture(t *testing.T) {
	for folder, files := range goFiles(t) {
		for _, f := range files {
			for _, spec := range f.Imports {
				to, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				if !allowed(folder, to) {
					t.Errorf("%s imports %s", folder, to)
				}
			}
		}
	}
}

// What a package imports, and what those import in turn, is all that a program
// which uses it has to download and build.
func TestOnlyFiguresNeedThePlottingModule(t *testing.T) {
	files := goFiles(t)
	needs := func(from string) bool {
		seen := map[string]bool{}
		var visit func(folder string) bool
		visit = func(folder string) bool {
			if seen[folder] {
				return false
			}
			seen[folder] = true
			for _, f := range files[folder] {
				for _, spec := range f.Imports {
					to, err := strconv.Unquote(spec.Path.Value)
					require.NoError(t, err)
					if below(to, "gonum.org/v1/plot") {
						return true
					}
					if name, own := strings.CutPrefix(to, module+"/"); own && visit(name) {
						return true
					}
				}
			}
			return false
		}
		return visit(from)
	}
	for folder := range files {
		if !below(folder, "examples") {
			require.Equal(t, folder == "dataset/figure", needs(folder), folder)
		}
	}
	require.True(t, needs("examples/moons"), "arrows over several packages are followed")
}

func TestEveryPackageHasADocComment(t *testing.T) {
	for folder, files := range goFiles(t) {
		want := "Package " + files[0].Name.Name + " "
		if files[0].Name.Name == "main" {
			want = "Command " + path.Base(folder) + " "
		}
		docs := 0
		for _, f := range files {
			if strings.HasPrefix(f.Doc.Text(), want) {
				docs++
			}
		}
		if docs != 1 {
			t.Errorf("%s has %d comments that begin with %q, want 1", folder, docs, want)
		}
	}
}

func TestTopOfTheRepositoryIsAsAgreed(t *testing.T) {
	agreed := []string{"score", "sde", "sampler", "nn", "dataset", "examples", "go.mod", "go.sum", "LICENSE", "README.md"}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	for _, e := range entries {
		name := e.Name()
		if slices.Contains([]string{".png", ".gif", ".wav"}, path.Ext(name)) {
			continue // an example was run here; what it writes is not kept at the top, see .gitignore
		}
		if name[0] != '.' && !slices.Contains(agreed, name) {
			t.Errorf("%s stands at the top of the repository, want only %v", name, agreed)
		}
	}
}

// The rules would hold anything if they were written wrongly, so that arrows of
// each kind are tried.
func TestForbiddenArrowsAreFound(t *testing.T) {
	const own = module + "/"
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"sde", "math", true},
		{"sde", "gonum.org/v1/gonum/mat", true},
		{"sde", own + "sde/noise", true},
		{"sde/noise", own + "nn", false},
		{"sde", own + "dataset", false},
		{"sde", "github.com/stretchr/testify/require", false},
		{"sde", "golang.org/x/sys/cpu", false},
		{"nn/internal/kernel", "golang.org/x/sys/cpu", true},
		{"nn/internal/kernel", own + "nn/ad", false},
		{"nn/ad", own + "nn/internal/kernel", true},
		{"nn/ad", own + "nn/pool", true},
		{"nn/pool", own + "nn/ad", false},
		{"nn/ad", own + "nn", false},
		{"nn/ad", own + "sde/noise", false},
		{"nn", own + "nn/ad", true},
		{"nn", own + "nn/optim", false},
		{"nn", own + "nn/onnx", false},
		{"nn/onnx", own + "nn/ad", true},
		{"nn/onnx", own + "score", false},
		{"score", own + "nn/onnx", false},
		{"score", own + "score/export", false},
		{"score/export", own + "nn/onnx", true},
		{"score/export", own + "nn/onnx/onnxtest", false},
		{"nn/optim", own + "nn", true},
		{"nn", own + "sde", false},
		{"nn", own + "score", false},
		{"nn/checkpoint", own + "nn", false},
		{"nn/smooth", own + "nn/ad", false},
		{"score", own + "nn/smooth", true},
		{"sampler", own + "sde/noise", true},
		{"sampler", own + "score", false},
		{"sampler", own + "nn", false},
		{"sampler/samplertest", own + "sampler", true},
		{"score", own + "nn/checkpoint", true},
		{"score", own + "sampler", false},
		{"score", own + "dataset", false},
		{"score", "gonum.org/v1/plot", false},
		{"score", own + "score/record", false},
		{"score/inference", own + "score", true},
		{"score/inference", own + "sampler", true},
		{"score/inference", own + "dataset/simulator", false},
		{"sampler", own + "score/inference", false},
		{"score/record", own + "score", true},
		{"score/record", own + "score/record/bar", false},
		{"score/record", "github.com/schollz/progressbar/v3", false},
		{"score/record/bar", "github.com/schollz/progressbar/v3", true},
		{"examples/moons", "github.com/schollz/progressbar/v3", false},
		{"dataset", own + "sde", false},
		{"dataset/fixture", own + "dataset", true},
		{"examples/moons", own + "dataset/twosample", true},
		{"examples/moons", own + "dataset/fixture", false},
		{"examples/moons", own + "examples/energy", false},
		{"examples/moons", "gonum.org/v1/plot/vg", true},
		{"examples/moons", "gonum.org/v1/plotter", false},
		{"examples/moons", own + "dataset/figure", true},
		{"dataset/figure", "gonum.org/v1/plot/vg", true},
		{"dataset/figure", own + "dataset", false},
		{"dataset/figure", own + "dataset/table", true},
		{"dataset/table", own + "dataset/figure", false},
		{"dataset", own + "dataset/figure", false},
		{"dataset/twosample", own + "dataset/figure", false},
		{"dataset/twosample", "gonum.org/v1/plot", false},
		{"sde", own + "examples/internal/toy", false},
		{"nn/internal/kernel", "C", false},
		{"other", "math", false},
	} {
		require.Equal(t, c.want, allowed(c.from, c.to), "%s imports %s", c.from, c.to)
	}
}
