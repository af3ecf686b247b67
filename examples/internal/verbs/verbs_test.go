package verbs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/gradlogp/gradlogp"
	root   = "../../.."
)

// A verb is an exported function, or an exported type for the exported methods it has.
// It is shown when an Example of its package, with a comment of the output, names it; a
// type also when the Example names a constant of it or calls what returns it. Methods
// count by their type: those of most belong to an interface, whose callers are verbs
// themselves. What takes a *testing.T no Example can call.
func TestEveryVerbHasAnExample(t *testing.T) {
	packages := parse(t)
	require.Contains(t, packages, "nn/ad")
	for folder, p := range packages {
		for verb := range p.verbs {
			if !p.shown(verb) {
				t.Errorf("%s.%s is in no Example with an output: show it in one of %[1]s/example*_test.go", folder, verb)
			}
		}
	}
}

// The rule would hold anything if it were written wrongly.
func TestVerbsWithoutExamplesAreFound(t *testing.T) {
	p := newPackage("github.com/own/part")
	set := token.NewFileSet()
	for name, text := range map[string]string{
		"part.go": `package part
			func Shown() {}
			func Alone() {}
			func Elsewhere() {}
			func Silent() {}
			func own() {}
			type Made struct{}
			func (Made) Do() {}
			func NewMade[T any]() (*Made, error) { return nil, nil }
			type Literal[T any] struct{}
			func (*Literal[T]) Do() *Step { return nil }
			type Step struct{}
			func (Step) Do() {}
			type Unused struct{}
			func (Unused) Do() {}
			type Colour int
			func (Colour) String() string { return "" }
			const (
				Red Colour = iota
				Blue
				Bare = "neither"
			)
			type Listed struct{}
			func (Listed) Do() {}
			func List() map[string][]Listed { return nil }
			func ForTests(*testing.T) {}
			type Settings struct{}`,
		"part_test.go": `package part_test
			import ("fmt"; renamed "github.com/own/part"; "github.com/other/part")
			func ExampleShown() {
				renamed.Shown()
				renamed.List()
				fmt.Println(renamed.Blue)
				renamed.NewMade[int]()
				new(renamed.Literal[int]).Do()
				part.Elsewhere()
				// Output:
			}
			func ExampleSilent() { renamed.Silent() }
			func TestAlone() {
				renamed.Alone()
				// Output:
			}`,
	} {
		f, err := parser.ParseFile(set, name, text, parser.ParseComments)
		require.NoError(t, err)
		p.read(f, strings.HasSuffix(name, "_test.go"))
	}
	var missing []string
	for verb := range p.verbs {
		if !p.shown(verb) {
			missing = append(missing, verb)
		}
	}
	slices.Sort(missing)
	require.Equal(t, []string{"Alone", "Elsewhere", "Silent", "Unused"}, missing)
}

// parsed is what the test knows of a package.
type parsed struct {
	path    string
	verbs   map[string]bool
	makers  map[string][]string // by type, what it is had from: functions, .methods, constants
	named   map[string]bool     // names of this package in its examples
	methods map[string]bool     // names after a dot in its examples
}

func newPackage(path string) *parsed {
	return &parsed{path, map[string]bool{}, map[string][]string{}, map[string]bool{}, map[string]bool{}}
}

func (p *parsed) shown(verb string) bool {
	return p.named[verb] || slices.ContainsFunc(p.makers[verb], func(maker string) bool {
		name, method := strings.CutPrefix(maker, ".")
		return method && p.methods[name] || !method && p.named[name]
	})
}

// read takes in a file of the package or of its tests.
func (p *parsed) read(f *ast.File, test bool) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			switch {
			case test && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Example") && hasOutput(f, d):
				p.example(f, d)
			case test || !d.Name.IsExported() || slices.Contains(names(d.Type.Params), "testing"):
			case d.Recv != nil:
				if name := typeName(d.Recv.List[0].Type); ast.IsExported(name) {
					p.verbs[name] = true
					p.makes("."+d.Name.Name, d.Type.Results)
				}
			default:
				p.verbs[d.Name.Name] = true
				p.makes(d.Name.Name, d.Type.Results)
			}
		case *ast.GenDecl:
			if d.Tok == token.CONST && !test {
				p.constants(d)
			}
		}
	}
}

// makes notes that what is called maker has the types of its results.
func (p *parsed) makes(maker string, results *ast.FieldList) {
	for _, name := range names(results) {
		p.makers[name] = append(p.makers[name], maker)
	}
}

// constants notes the names of constants; one without a type has that of the one before.
func (p *parsed) constants(d *ast.GenDecl) {
	var of string
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		if s.Type != nil || s.Values != nil {
			of = typeName(s.Type)
		}
		for _, name := range s.Names {
			p.makers[of] = append(p.makers[of], name.Name)
		}
	}
}

// names returns all names in the types of a list.
func names(list *ast.FieldList) (names []string) {
	if list != nil {
		for _, field := range list.List {
			ast.Inspect(field.Type, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					names = append(names, id.Name)
				}
				return true
			})
		}
	}
	return names
}

// example notes the names of the package, and those after a dot, in an example.
func (p *parsed) example(f *ast.File, fn *ast.FuncDecl) {
	local := ""
	for _, spec := range f.Imports {
		if strings.Trim(spec.Path.Value, `"`) == p.path {
			local = path.Base(p.path)
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	inside := !strings.HasSuffix(f.Name.Name, "_test")
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			p.methods[n.Sel.Name] = true
			x, ok := n.X.(*ast.Ident)
			if ok && !inside && x.Name == local {
				p.named[n.Sel.Name] = true
			}
			return !ok || inside
		case *ast.Ident:
			if inside {
				p.named[n.Name] = true
			}
		}
		return true
	})
}

func hasOutput(f *ast.File, fn *ast.FuncDecl) bool {
	return slices.ContainsFunc(f.Comments, func(c *ast.CommentGroup) bool {
		text := strings.ToLower(c.Text())
		return c.Pos() > fn.Body.Lbrace && c.End() <= fn.Body.Rbrace &&
			(strings.HasPrefix(text, "output:") || strings.HasPrefix(text, "unordered output:"))
	})
}

// typeName is T for T, *T and T[…], and empty for all else.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	}
	return ""
}

// parse reads the packages that others can import, by folder.
func parse(t *testing.T) map[string]*parsed {
	packages := map[string]*parsed{}
	set := token.NewFileSet()
	require.NoError(t, filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(file, "go.mod"))
			if rel != "." && (err == nil || rel == "examples" || slices.Contains([]string{"internal", "testdata"}, d.Name()) || strings.ContainsAny(d.Name()[:1], "._")) {
				return filepath.SkipDir
			}
			return nil
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(set, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := path.Dir(rel)
		if packages[folder] == nil {
			packages[folder] = newPackage(module + "/" + folder)
		}
		packages[folder].read(f, strings.HasSuffix(rel, "_test.go"))
		return nil
	}))
	return packages
}
