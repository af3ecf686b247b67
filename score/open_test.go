package score

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/checkpoint"
	"github.com/gradlogp/gradlogp/sde"
)

// discrete returns the process of a table.
func discrete(p *sde.Discrete, err error) sde.SDE {
	if err != nil {
		panic(err)
	}
	return p
}

// libraryModels have every part of the library in them.
var libraryModels = map[string]Config{
	"defaults":      {},
	"VP":            {Net: small, Process: sde.VP{BetaMax: 12.5}, Precond: Epsilon{}, MinNoise: None},
	"sub-VP":        {Net: small, Process: sde.SubVP{BetaMin: 0.2}, Precond: V{Variance: 2}},
	"VE":            {Net: small, Process: sde.VE{SigmaMin: 0.03, SigmaMax: 30}, Precond: X0{}, MinNoise: 0.1},
	"a pointer":     {Net: small, Process: &sde.EDM{SigmaMin: 1e-3}},
	"a short span":  {Net: small, Process: sde.EDM{SigmaMin: 1e-4, SigmaMax: 0.004}},
	"cosine":        {Net: small, Process: sde.Cosine{Offset: 0.008}, Precond: EDM{Variance: 1.0 / 3}},
	"flow":          {Net: small, Process: sde.Linear{SigmaMin: 1e-3}, Precond: Velocity{}},
	"DDPM":          {Net: small, Process: discrete(sde.VP{}.Discrete(100))},
	"NCSN":          {Net: small, Process: discrete(sde.NewNCSN([]float64{0.01, 0.1, 1, 10}))},
	"cosine table":  {Net: small, Process: discrete(sde.Cosine{Offset: 0.008}.Discrete(30))},
	"energy":        {Net: spherical},
	"recipe energy": {Net: nn.RecipeEnergy(2, 8)},
	"MLP": {Net: nn.MLP{
		Hidden: []int{8, 6}, Activation: nn.LeakyReLU{A: 0.2}, Features: nn.Fourier{N: 3, High: 5}, Time: nn.TimeFourier{N: 2}, Conditioning: nn.Additive,
	}},
	"norm and gates": {Precond: EDM{Detail: 0.02}, Net: nn.MLP{
		Hidden: []int{8, 6}, Norm: nn.RMSNorm{Epsilon: 1e-4}, Features: nn.Fourier{N: 3, High: 20, Gated: true},
	}},
	"layers": {Net: nn.Sequential{
		nn.Linear{Out: 8, Init: nn.Xavier{}}, nn.Tanh{}, nn.LayerNorm{Epsilon: 1e-3}, nn.Dropout{P: 0.1},
		nn.Condition{Conditioning: nn.Additive, Time: nn.Linear{Out: 4, Init: nn.Ones{}}},
		nn.Residual{Scale: math.Sqrt(0.5), Body: nn.Sequential{nn.GELU{}, nn.Linear{Out: 6, Bias: nn.None{}, Init: nn.Normal{Std: 0.3}}, nn.Softplus{}}},
		nn.Parallel{nn.Columns{From: 0, To: 3}, nn.Sequential{nn.GELUTanh{}, nn.Sigmoid{}}, nn.ELU{A: 0.5}, nn.ReLU{}, nn.LayerNorm{Plain: true}},
		nn.Linear{Out: 2, Init: nn.LeCun{}}, nn.Residual{Body: nn.Linear{Out: 2, Init: nn.Zeros{}}}, nn.Linear{Out: 2, Init: nn.He{}},
	}},
	"positions": {Net: nn.Sequential{
		nn.Conv{Size: []int{2}, Out: 4, Kernel: []int{5}, Circular: true, Init: nn.LeCun{}, Bias: nn.Ones{}},
		nn.GroupNorm{Size: []int{2}, Groups: 2, Epsilon: 1e-3, Conditioned: true}, nn.Resample{Size: []int{2}, Down: 2}, nn.Resample{Size: []int{1, 1}, Up: 2},
		nn.Positions{Init: nn.Normal{Std: 0.1}}, nn.Attention{Size: []int{2, 2}, Heads: 2, Relative: true, Init: nn.He{}},
		nn.TransformerBlock{Size: []int{2, 2}, Hidden: 3, Activation: nn.SiLU{}}, nn.Conv{Size: []int{2, 2}, Out: 2, Stride: 2},
		nn.Pointwise{Size: []int{2}, Body: nn.Linear{Out: 1}}, nn.Mean{Size: []int{1}},
	}},
	"U-Net":             {Net: nn.UNet{Size: []int{2, 1}, Channels: []int{4}, Blocks: 2, Heads: 2, Kernel: []int{3, 1}, Circular: true, Time: nn.TimeFourier{N: 2}}},
	"transformer":       {Net: nn.Transformer{Size: []int{2}, Patch: 2, Width: 6, Blocks: 2, Heads: 3, Hidden: 5, Relative: true, Causal: true, Activation: nn.ReLU{}}},
	"mixer":             {Net: nn.Mixer{Size: []int{1, 2}, Width: 4, Blocks: 1, Tokens: 3, Hidden: 5}},
	"columns":           {Net: nn.TabularTransformer{Width: 4, Blocks: 1, Heads: 2}, ColumnLevels: true},
	"shared embedding":  {Net: nn.Embedded{Body: small, Time: nn.Sequential{nn.TimeFourier{}, nn.Linear{Out: 5}, nn.SiLU{}}}},
	"pointers to parts": {Net: &nn.MLP{Hidden: []int{8}, Activation: &nn.SiLU{}}, Precond: &EDM{}},
	"conditions":        {Net: small, Cond: Conditions{Columns: 1, Classes: []int{3, 2}}},
	"embedded classes":  {Net: small, Cond: Conditions{Classes: []int{4}, Embed: nn.Embedding{Classes: 4, Out: 3, Init: nn.Normal{Std: 0.5}}}},
	"labels by hand": {Net: small, Cond: Conditions{Columns: 2, Embed: nn.Parallel{
		nn.Sequential{nn.Columns{From: 0, To: 1}, nn.OneHot{Classes: 3}, nn.Linear{Out: 2, Bias: nn.None{}}}, nn.Columns{From: 1, To: 2},
	}}},
}

// firstCondition returns a condition of a model, nil for a model without.
func firstCondition(m *Model) *mat.Dense {
	if m.cond == nil {
		return nil
	}
	c := mat.NewDense(1, m.cond.count(), nil)
	for j := range m.cond.count() {
		c.Set(0, j, 1)
	}
	return c
}

// bothScores returns scores of a model, with the first condition too.
func bothScores(m *Model) []*mat.Dense {
	x, t := normals(20, m.dim, 1), spread(m.process, 20)
	all := []*mat.Dense{mat.NewDense(20, m.dim, nil)}
	m.Unconditional().Score(all[0], x, t)
	if c := firstCondition(m); c != nil {
		s := mat.NewDense(20, m.dim, nil)
		m.Given(c).Score(s, x, t)
		all = append(all, s)
	}
	return all
}

// shaken gives a model weights, a frame and a frame of conditions that are not
// those of New.
func shaken(t *testing.T, c Config) *Model {
	m, err := New(2, &c)
	require.NoError(t, err)
	theta := slices.Clone(m.theta)
	for i, v := range normals(1, len(theta), 3).RawRowView(0) {
		theta[i] += float32(0.2 * v)
	}
	m.setWeights(theta)
	m.shift, m.scale, m.calibrated = []float64{3, -0.1}, []float64{1e-3, 1.0 / 3}, true
	if m.cond != nil {
		for j := range m.cond.shift {
			m.cond.shift[j], m.cond.scale[j] = 0.1, 7
		}
	}
	return m
}

func TestOpenedModelHasTheBitsOfTheSavedOne(t *testing.T) {
	t.Parallel()
	for name, c := range libraryModels {
		t.Run(name, func(t *testing.T) {
			m := shaken(t, c)
			path := filepath.Join(t.TempDir(), "m")
			require.NoError(t, m.SaveFile(path))
			got, err := Open(path)
			require.NoError(t, err)
			require.Equal(t, bothScores(m), bothScores(got))
			require.Equal(t, bothScores(m.Float64()), bothScores(got.Float64()))
			require.Equal(t, state(m), state(got))
			require.Equal(t, saved(t, m), saved(t, got))
			require.NoError(t, m.Load(bytes.NewReader(saved(t, got))))
		})
	}
}

// A type that is added to the library has to be added to the table, and to the
// models above.
func TestEveryPartOfTheLibraryCanBeOpened(t *testing.T) {
	all := ""
	for _, c := range libraryModels {
		m, err := New(2, &c)
		require.NoError(t, err)
		list, own, err := m.description()
		require.NoError(t, err)
		require.Empty(t, own)
		for _, d := range list {
			all += d.value + "\n"
		}
	}
	marks := map[string]string{"Apply": "../nn", "Fill": "../nn", "Kernel": "../sde", "Coeffs": "."}
	found := 0
	for method, dir := range marks {
		for _, name := range typesWith(t, dir, method) {
			if slices.Contains([]string{"sde.Schedule", "score.instant", "nn.Build"}, name) {
				continue // has functions; no part of a model
			}
			found++
			if partNamed(name) == nil {
				t.Errorf("%s is not in parts, of decode.go: add its zero value", name)
			}
			if name != "sde.Discrete" && !strings.Contains(all, name+"{") {
				t.Errorf("no Config of libraryModels, of this file, has a %s: add one with fields that are not zero", name)
			}
		}
	}
	require.Equal(t, len(parts)-1, found, "all but Conditions")
	require.Contains(t, all, "sde.NewDiscrete(")
	for _, p := range parts {
		for _, f := range reflect.VisibleFields(structOf(reflect.TypeOf(p))) {
			if !f.IsExported() {
				require.Equal(t, "sde.Discrete", typeName(reflect.TypeOf(p)), "a part with an unexported field %s cannot be made from its description", f.Name)
			}
		}
	}
}

// structOf returns t, or an empty struct for what is none.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Struct {
		return reflect.TypeFor[struct{}]()
	}
	return t
}

// typesWith returns the types of a folder's package that have a method.
func typesWith(t *testing.T, dir, method string) (names []string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != method {
				continue
			}
			recv := fn.Recv.List[0].Type
			if star, ok := recv.(*ast.StarExpr); ok {
				recv = star.X
			}
			names = append(names, f.Name.Name+"."+recv.(*ast.Ident).Name)
		}
	}
	return names
}

func TestModelWithPartsOfOnesOwnIsNotOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	for want, c := range map[string]Config{
		"score.killed in Config.Net":      {Net: killed{small}},
		"score.named in Config.Net[0]":    {Net: nn.Sequential{named{}, small}},
		"*score.named in Config.Net.Body": {Net: nn.Residual{Body: &named{}}, Cond: Conditions{}},
		"score.told in Config.Process":    {Process: told{own, "e^t"}},
		"score.bare in Config.Process, score.named in Config.Net.Activation, score.halfway in Config.Precond, score.named in Config.Cond.Embed": {
			Process: bare{sde.VP{}}, Net: nn.MLP{Hidden: []int{4}, Activation: named{}}, Precond: halfway{}, Cond: Conditions{Columns: 1, Embed: named{}},
		},
	} {
		if strings.HasPrefix(want, "*") {
			c.Net = nn.Sequential{c.Net, small}
			want = strings.Replace(want, "Config.Net.", "Config.Net[0].", 1)
		}
		m, err := New(2, &c)
		require.NoError(t, err)
		require.NoError(t, m.SaveFile(path))
		_, err = Open(path)
		require.ErrorIs(t, err, ErrNotSerializable)
		require.ErrorContains(t, err, "score: Open: "+path+": the model has parts that are not of this library, \""+want[:min(len(want), 80)])
		require.ErrorContains(t, err, "make it with New from its Config, and fill it by LoadFile")
		require.NoError(t, m.LoadFile(path), "that way")
	}
}

func TestCheckpointOpensAsTheModelThatFitWouldLeave(t *testing.T) {
	s := quick(10)
	s.Checkpoints.Dir = t.TempDir()
	m := newModel(t, 2, Config{})
	m.Metadata = map[string]string{"data": "moons"}
	fit(t, m, moons(), s)
	path, err := Latest(s.Checkpoints.Dir)
	require.NoError(t, err)
	got, err := Open(path)
	require.NoError(t, err)
	require.Equal(t, state(m), state(got))
	require.Equal(t, m.Metadata, got.Metadata)
	again := newModel(t, 2, Config{})
	_, err = Resume(background, again, moons(), s, path)
	require.NoError(t, err)
	require.Equal(t, m.Metadata, again.Metadata)
}

func TestMetadataComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m")
	m := newModel(t, 2, Config{})
	m.Metadata = map[string]string{"data": "tides of 2024", "": "empty", "gradlogp.kind": "mine", "crc32c": "π\n\x00", "e": ""}
	require.NoError(t, m.SaveFile(path))
	got, err := Open(path)
	require.NoError(t, err)
	require.Equal(t, m.Metadata, got.Metadata)
	require.Equal(t, m.Metadata, got.Float64().Metadata)

	got.Metadata = map[string]string{"old": "1"}
	require.NoError(t, got.LoadFile(path))
	require.Equal(t, m.Metadata, got.Metadata)
	require.NoError(t, newModel(t, 2, Config{}).SaveFile(path))
	require.NoError(t, got.LoadFile(path))
	require.Empty(t, got.Metadata)

	m.Metadata = map[string]string{"bad": "\xff"}
	require.ErrorIs(t, m.SaveFile(path), checkpoint.ErrName)
}

func TestFilesThatAreNoModelsAreNotOpened(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "none"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "score: Open: ")
	path := filepath.Join(dir, "m")
	require.NoError(t, checkpoint.WriteFile(path, &checkpoint.File{}))
	_, err = Open(path)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "not a saved model")

	file := saved(t, newModel(t, 2, Config{}))
	for k := 0; k < len(file); k += 1 + len(file)/200 {
		flipped := bytes.Clone(file)
		flipped[k] ^= 1 << (k % 8)
		require.NoError(t, os.WriteFile(path, flipped, 0o666))
		_, err := Open(path)
		require.Error(t, err, "byte %d", k)
	}
}

func TestMismatchesShowWhereTheyAre(t *testing.T) {
	long := strings.Repeat("nn.SiLU{}, ", 50)
	a, b := contrast(long+"nn.Tanh{}"+long, long+"nn.ReLU{}"+long)
	require.Less(t, len(a)+len(b), 400)
	require.Contains(t, a, "nn.Tanh{}")
	require.Contains(t, b, "nn.ReLU{}")
	require.True(t, strings.HasPrefix(a, "…") && strings.HasSuffix(a, "…"))
	a, b = contrast("one\x1b[31m", "")
	require.Equal(t, "one\uFFFD[31m", a)
	require.Empty(t, b)
	a, _ = contrast(strings.Repeat("é", 500), strings.Repeat("é", 499))
	require.NotContains(t, strings.TrimSuffix(strings.TrimPrefix(a, "…"), "…")[4:], "…")
}
