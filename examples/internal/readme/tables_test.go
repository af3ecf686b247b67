package readme

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kinds are parts of the library by the method that makes them one, and the files of their
// package that have to name every such part: its table, and lists of tests.
var kinds = []struct {
	folder, method string
	files          []string
}{
	{"sde", "Kernel", []string{"doc.go", "process_test.go", "accuracy_test.go"}},
	{"nn", "Apply", []string{"doc.go"}},
	{"nn/optim", "Begin", []string{"doc.go", "optimizers_test.go"}},
	{"score", "Loss", []string{"doc.go"}},
	{"score", "Coeffs", []string{"doc.go", "precond_test.go"}},
	{"score", "At", []string{"doc.go", "precond_test.go"}},
	{"score", "Quantile", []string{"doc.go", "precond_test.go"}},
	{"dataset", "Diffuse", []string{"doc.go", "oracle_test.go"}},
}

// exempt have the method of a kind and are none of it, or have tests of their own.
var exempt = map[string]bool{"nn.Build.Apply": true, "score.Progressive.Quantile": true}

// A process that nobody had added to the tests of processes was in the library without any.
func TestEveryPartIsInTheTablesOfItsKind(t *testing.T) {
	for _, k := range kinds {
		names := partsOf(t, k.folder, k.method)
		require.NotEmpty(t, names, "%s: %s", k.folder, k.method)
		for _, name := range names {
			if exempt[k.folder+"."+name+"."+k.method] {
				continue
			}
			for _, file := range k.files {
				if !mentions(t, k.folder+"/"+file, name) {
					t.Errorf("%s.%s is not in %[1]s/%[3]s: add it to the table there", k.folder, name, file)
				}
			}
		}
	}
}

func TestAPartThatIsInNoTableIsFound(t *testing.T) {
	require.True(t, mentions(t, "sde/process_test.go", "Cosine"))
	require.False(t, mentions(t, "sde/process_test.go", "Cos"))
	require.Contains(t, partsOf(t, "nn/optim", "Begin"), "SOAP")
	require.NotContains(t, partsOf(t, "sde", "Kernel"), "steps", "what is not exported is no part")
}

// mentions reports whether a file has a name, or the constructor New… of it.
func mentions(t *testing.T, file, name string) bool {
	text, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	return regexp.MustCompile(`\b(New)?` + name + `\b`).Match(text)
}

// partsOf returns the exported types of a folder's package that have a method.
func partsOf(t *testing.T, folder, method string) (names []string) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil && f.Name.Name == method {
				if name := receiver(f.Recv.List[0].Type); ast.IsExported(name) {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// receiver is T for T, *T and T[…].
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	}
	return ""
}
