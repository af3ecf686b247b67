package readme

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../../.."

// packages are those that a piece of a program may use.
var packages = []string{
	"context", "encoding/json", "errors", "fmt", "image/png", "log/slog", "math", "net/http", "os",
	"gonum.org/v1/gonum/mat", "gonum.org/v1/gonum/stat",
	"github.com/gradlogp/gradlogp/dataset", "github.com/gradlogp/gradlogp/dataset/augment", "github.com/gradlogp/gradlogp/dataset/calibration", "github.com/gradlogp/gradlogp/dataset/images",
	"github.com/gradlogp/gradlogp/dataset/table", "github.com/gradlogp/gradlogp/dataset/twosample",
	"github.com/gradlogp/gradlogp/nn", "github.com/gradlogp/gradlogp/nn/optim",
	"github.com/gradlogp/gradlogp/sampler", "github.com/gradlogp/gradlogp/sampler/grid",
	"github.com/gradlogp/gradlogp/score", "github.com/gradlogp/gradlogp/score/inference",
	"github.com/gradlogp/gradlogp/sde", "github.com/gradlogp/gradlogp/sde/posterior",
}

// A whole program begins with its package, a piece of one is the statements of a
// function that returns an error, with the variables that the text says.
func TestProgramsOfTheReadmeCompile(t *testing.T) {
	text := pages(t)
	var programs, statements []string
	for _, b := range regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(text, -1) {
		switch code := b[1]; {
		case strings.HasPrefix(code, "package main\n"):
			require.Less(t, strings.Count(code, "\n"), 40, "lines of a program")
			programs = append(programs, code)
		default:
			statements = append(statements, code)
		}
	}
	require.NotEmpty(t, programs)
	require.NotEmpty(t, statements)
	// What tables say in a line.
	config := regexp.MustCompile("`(nn\\.MLP\\{[^`]*|nn\\.RecipeMLP\\([^`]*)`").FindAllStringSubmatch(text, -1)
	fields := regexp.MustCompile("`(Activation|Optimizer): ([^`]*)`").FindAllStringSubmatch(text, -1)
	literals := regexp.MustCompile("`(sampler\\.Settings\\{[^`]*)`").FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, config)
	require.NotEmpty(t, fields)
	require.NotEmpty(t, literals)

	var body strings.Builder
	for _, s := range statements {
		fmt.Fprintf(&body, `func _(ctx context.Context, m *score.Model, data score.Data, settings *score.Settings, x, cond, train, test *mat.Dense, t *table.Table, codec *table.Codec, model inference.Simulator, prior inference.Prior, post *inference.Posterior) error {
{
%s}
return nil
}
`, s)
	}
	for _, c := range config {
		fmt.Fprintf(&body, "func _(d int) score.Config { return score.Config{Net: %s} }\n", c[1])
	}
	for _, f := range fields {
		of := map[string]string{"Activation": "nn.MLP", "Optimizer": "score.Settings"}[f[1]]
		fmt.Fprintf(&body, "var _ = %s{%s: %s}\n", of, f[1], f[2])
	}
	for _, l := range literals {
		fmt.Fprintf(&body, "func _(m *score.Model) sampler.Settings { return %s }\n", l[1])
	}
	pieces := "package main\n"
	for _, p := range packages {
		if regexp.MustCompile(`\b` + path.Base(p) + `\.[A-Z]`).MatchString(body.String()) {
			pieces += fmt.Sprintf("import %q\n", p)
		}
	}
	for _, code := range append(programs, pieces+"func main() {}\n"+body.String()) {
		vet(t, code)
	}
}

func vet(t *testing.T, program string) {
	file := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(file, []byte(program), 0o644))
	vet := exec.Command("go", "vet", file)
	vet.Dir = root
	out, err := vet.CombinedOutput()
	require.NoError(t, err, "%s\nof\n%s", out, program)
}

// What the pages name as a package's is there. The changelog has old names.
func TestNamesExist(t *testing.T) {
	folders := map[string]string{}
	for _, p := range packages {
		if own, ok := strings.CutPrefix(p, "github.com/gradlogp/gradlogp/"); ok {
			folders[path.Base(p)] = own
		}
	}
	for _, own := range []string{"nn/checkpoint", "nn/pool", "nn/ad", "sde/sdetest", "sampler/samplertest", "score/record", "dataset/figure"} {
		folders[path.Base(own)] = own
	}
	exported := map[string]bool{}
	for base, folder := range folders {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, folder)
		for _, f := range files {
			file, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, name := range topNames(file) {
				exported[base+"."+name] = true
			}
		}
	}
	name := regexp.MustCompile(`\b([a-z0-9]+)\.([A-Z][A-Za-z0-9]*)`)
	seen := 0
	texts := map[string]string{"README.md and guides": pages(t)}
	for _, page := range []string{".github/CONTRIBUTING.md", ".github/SECURITY.md"} {
		text, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		texts[page] = string(text)
	}
	for page, text := range texts {
		prose := regexp.MustCompile("(?s)```.*?```").ReplaceAllString(text, "")
		for _, code := range regexp.MustCompile("`[^`\n]*`").FindAllString(prose, -1) {
			for _, n := range name.FindAllStringSubmatch(code, -1) {
				if _, ok := folders[n[1]]; ok {
					seen++
					require.True(t, exported[n[0]], "%s: %s", page, n[0])
				}
			}
		}
	}
	require.Greater(t, seen, 40)
}

// topNames returns what a file declares outside of functions.
func topNames(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// Links of the README and of the pages beside it lead somewhere.
func TestLinksExist(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "examples", "*", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	hidden, err := filepath.Glob(filepath.Join(root, ".github", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, hidden)
	for _, page := range append(append(pages, hidden...), filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, l := range regexp.MustCompile(`\]\(([a-z.][^):#]*)\)`).FindAllStringSubmatch(string(text), -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), l[1]))
			require.NoError(t, err, page)
		}
	}
}

// The README in Chinese has the commands and programs of that in English.
func TestReadmesHaveTheSameCommands(t *testing.T) {
	commands := func(page string) []string {
		text, err := os.ReadFile(filepath.Join(root, page))
		require.NoError(t, err)
		return regexp.MustCompile("(?ms)^    [a-z].*?$|^```go\n.*?^```$").FindAllString(string(text), -1)
	}
	english := commands("README.md")
	require.Greater(t, len(english), 4)
	require.Equal(t, english, commands("examples/guides/README.zh.md"))
}

// pages returns the text of the README and of the guides.
func pages(t *testing.T) string {
	guides, err := filepath.Glob(filepath.Join(root, "examples", "guides", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, guides)
	var all strings.Builder
	for _, page := range append(guides, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		all.Write(text)
	}
	return all.String()
}
