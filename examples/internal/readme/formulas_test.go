package readme

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// chapters are the packages whose formulas have numbers, (1), (2), … at the ends of
// their lines in doc comments.
var chapters = []string{"sde", "score", "sampler", "nn/ad", "dataset", "sde/posterior", "score/inference"}

// Every number stands once, those of doc.go in order, and none is left out. Each is
// named by the comment of a test that checks it, "Checks sde (3) and (4).", and by the
// derivation, which leads through them all.
func TestEveryFormulaIsChecked(t *testing.T) {
	checked := map[string]map[int]bool{}
	require.NoError(t, filepath.WalkDir(root, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		for _, comment := range testComments(t, file) {
			for _, sentence := range regexp.MustCompile(`Checks ([^.]*)\.`).FindAllStringSubmatch(comment, -1) {
				refer(sentence[1], checked)
			}
		}
		return nil
	}))
	for _, chapter := range chapters {
		numbers := formulas(t, chapter)
		require.NotEmpty(t, numbers, chapter)
		sorted := slices.Sorted(slices.Values(numbers))
		for i, n := range sorted {
			require.Equal(t, i+1, n, "the numbers of %s are %v", chapter, sorted)
			require.True(t, checked[chapter][n], "no test says: Checks %s (%d).", chapter, n)
		}
		for n := range checked[chapter] {
			require.LessOrEqual(t, n, len(numbers), "a test checks %s (%d), which is none", chapter, n)
		}
	}
	for name := range checked {
		require.Contains(t, chapters, name)
	}
}

// The derivations name every formula, and none that is not there.
func TestDerivationsNameEveryFormula(t *testing.T) {
	for _, page := range []string{"derivation.md", "derivation.zh.md"} {
		text, err := os.ReadFile(filepath.Join(root, "examples", "guides", page))
		require.NoError(t, err)
		named := map[string]map[int]bool{}
		refer(string(text), named)
		for _, chapter := range chapters {
			count := len(formulas(t, chapter))
			for n := 1; n <= count; n++ {
				require.True(t, named[chapter][n], "%s: %s (%d)", page, chapter, n)
			}
			require.Len(t, named[chapter], count, "%s: formulas of %s", page, chapter)
		}
	}
}

// A reference is a package and numbers: sde (3), (5) to (7) and (9), or, in Chinese,
// sde (3)、(5) 至 (7).
func TestReferencesAreRead(t *testing.T) {
	got := map[string]map[int]bool{}
	refer("by sde (3), (5) to (7) and (9), and by nn/ad (2); score (x) is none; 由 score (1)、(3) 至 (5) 得出", got)
	require.Equal(t, map[string]map[int]bool{
		"sde": {3: true, 5: true, 6: true, 7: true, 9: true}, "nn/ad": {2: true}, "score": {1: true, 3: true, 4: true, 5: true},
	}, got)
}

var reference = regexp.MustCompile(`\b([a-z]+(?:/[a-z]+)?) (\(\d+\)(?:(?:, | and | to |、| 至 )\(\d+\))*)`)

// refer adds to the references of each package those in text.
func refer(text string, to map[string]map[int]bool) {
	for _, r := range reference.FindAllStringSubmatch(text, -1) {
		if to[r[1]] == nil {
			to[r[1]] = map[int]bool{}
		}
		last := 0
		for _, n := range regexp.MustCompile(`( to | 至 )?\((\d+)\)`).FindAllStringSubmatch(r[2], -1) {
			number, _ := strconv.Atoi(n[2])
			for i := last + 1; n[1] != "" && i < number; i++ {
				to[r[1]][i] = true
			}
			to[r[1]][number] = true
			last = number
		}
	}
}

// formulas returns the numbers of a package's formulas, doc.go's first.
func formulas(t *testing.T, folder string) (numbers []int) {
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	require.NoError(t, err)
	slices.SortStableFunc(files, func(a, b string) int {
		switch doc := "doc.go"; {
		case filepath.Base(a) == doc:
			return -1
		case filepath.Base(b) == doc:
			return 1
		}
		return 0
	})
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		here := len(numbers)
		for _, n := range regexp.MustCompile(`(?m)^//\t.*\S\s{2,}\((\d+)\)$`).FindAllStringSubmatch(string(text), -1) {
			number, _ := strconv.Atoi(n[1])
			numbers = append(numbers, number)
		}
		require.True(t, slices.IsSorted(numbers[here:]), "%s: %v", file, numbers[here:])
	}
	return numbers
}

// testComments returns the comments of a file's tests, none when no line checks a formula.
func testComments(t *testing.T, name string) (comments []string) {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	if !bytes.Contains(text, []byte("// Checks ")) {
		return nil
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Doc != nil && strings.HasPrefix(f.Name.Name, "Test") {
			comments = append(comments, f.Doc.Text())
		}
	}
	return comments
}
