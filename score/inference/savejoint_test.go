package inference

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// together is a Joint that has seen little, of two parameters, the first positive, and two
// columns.
var together = sync.OnceValues(func() (*Joint, error) {
	theta, x := mat.NewDense(64, 2, nil), mat.NewDense(64, 2, nil)
	for i := range 64 {
		theta.SetRow(i, []float64{1 + float64(i%7), float64(i % 5)})
		x.SetRow(i, []float64{float64(i % 7), float64(i % 5)})
	}
	s := &Settings{Net: nn.RecipeColumns(4, 8), Seed: 1, Workers: 1}
	s.Training = score.Settings{Steps: 5, Batch: 16, References: score.None}
	return FitJoint(context.Background(), halfLine{}, theta, x, s)
})

// levels describes a model such as a Joint has.
var levels = &score.Config{Net: nn.MLP{Hidden: []int{4}}, ColumnLevels: true}

// halfLine has a first parameter that is positive.
type halfLine struct{ Normal }

func (halfLine) Dim() int { return 2 }

func (halfLine) Bounds() (low, high []float64) {
	return []float64{0, math.Inf(-1)}, []float64{math.Inf(1), math.Inf(1)}
}

func (halfLine) Validate() error { return nil }

func TestAFileIsTheJoint(t *testing.T) {
	j, err := together()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "joint")
	require.NoError(t, j.SaveFile(path))
	again, err := OpenJoint(path)
	require.NoError(t, err)
	require.Equal(t, j.axes, again.axes)
	d, k := again.Dims()
	require.Equal(t, []int{2, 2}, []int{d, k})
	require.Nil(t, again.Result)
	nan := math.NaN()
	answer := func(j *Joint) (*mat.Dense, *mat.Dense, []float64) {
		theta, x := mat.NewDense(3, 2, []float64{nan, 1, 2, nan, nan, nan}), mat.NewDense(3, 2, []float64{1, nan, 3, 1, nan, nan})
		require.NoError(t, j.Sample(t.Context(), theta, x, nil))
		logs := make([]float64, 3)
		_, err := j.LogProb(t.Context(), logs, theta, x, one(nan, nan, nan, nan), nil)
		require.NoError(t, err)
		return theta, x, logs
	}
	theta, x, logs := answer(j)
	theta2, x2, logs2 := answer(again)
	require.True(t, mat.Equal(theta, theta2))
	require.True(t, mat.Equal(x, x2))
	require.Equal(t, logs, logs2)

	var file, second bytes.Buffer
	require.NoError(t, j.Save(&file))
	require.NoError(t, again.Save(&second))
	require.Equal(t, file.Bytes(), second.Bytes())

	// A Joint is no Posterior, and the other way round.
	_, err = Open(path, nil)
	require.ErrorIs(t, err, ErrMismatch)
	post, err := learned()
	require.NoError(t, err)
	require.NoError(t, post.SaveFile(path))
	_, err = OpenJoint(path)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "not saved by a Joint")
}

func TestDamagedFilesOfAJointAreRefused(t *testing.T) {
	j, err := together()
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, j.Save(&file))
	whole, path := file.Bytes(), filepath.Join(t.TempDir(), "joint")
	refused := func(b []byte, what string, at int) {
		require.NoError(t, os.WriteFile(path, b, 0o600))
		_, err := OpenJoint(path)
		require.Error(t, err, "%s %d", what, at)
	}
	for at := 0; at < len(whole); at += 1 + len(whole)/50 {
		refused(whole[:at], "cut at", at)
		b := bytes.Clone(whole)
		b[at] ^= 1 << (at % 8)
		refused(b, "flipped at", at)
	}
	refused(append(bytes.Clone(whole), 0), "longer than", len(whole))
}

func TestFilesOfAJointThatContradictThemselvesAreRefused(t *testing.T) {
	j, err := together()
	require.NoError(t, err)
	text := j.model.Metadata[jointMetadata]
	require.Regexp(t, `^{"Version":2,"Low":\[0,null\],"High":\[null,null\],"Ends":\[{"Low":-?[0-9.]+,"High":0,"Under":0,"Over":0},null\],"Straight":\[false,false\],"Tails":\[null,null\],"Columns":2,"XTails":\[null,null\],"From":\[.*\],"To":\[.*\]}$`, text)
	but := func(old, new string) string { return strings.Replace(text, old, new, 1) }
	for says, text := range map[string]string{
		"EOF":                   "",
		"unknown field":         `{"Version":2,"Cols":2}`,
		"goes on":               text + "{}",
		"of the same meaning":   text + "\n",
		"is not what":           but(`"Columns":2`, `"Columns":3,"columns":2`),
		"version is 0":          but(`"Version":2`, `"Version":0`),
		"4 columns of x":        but(`"Columns":2`, `"Columns":4`),
		"-1 columns":            but(`"Columns":2`, `"Columns":-1`),
		"2 lower and 2 upper":   but(`"Columns":2`, `"Columns":1`),
		"bounds 0 and 0":        but(`"High":[null`, `"High":[0`),
		"bounds -1.7e+308":      but(`"Low":[0,null],"High":[null`, `"Low":[-1.7e+308,null],"High":[1.7e+308`),
		"cannot unmarshal":      `[]`,
		"has the ends":          but(`"Under":0`, `"Under":-1`),
		"has 0 From and 4 To":   `{` + regexp.MustCompile(`"From":\[[^]]*\]`).ReplaceAllString(text, `"From":[]`)[1:],
		"goes from":             regexp.MustCompile(`"From":\[[^,]*,`).ReplaceAllString(text, `"From":[1e+300,`),
		"1 XTails, want 2":      but(`"XTails":[null,null]`, `"XTails":[null]`),
		"the tails {0 -1}":      but(`"XTails":[null,null]`, `"XTails":[null,{"Middle":0,"Unit":-1}]`),
		"parameter 1 has the t": but(`"Tails":[null,null]`, `"Tails":[null,{"Middle":0,"Unit":1e-310}]`),
		"1 Straight":            but(`[false,false]`, `[false]`),
		"cannot unmarshal numb": but(`"Low":[0,null]`, `"Low":[0,1e999]`),
	} {
		m, err := score.New(4, levels)
		require.NoError(t, err)
		m.Metadata = map[string]string{jointMetadata: text}
		_, err = openedJoint(m)
		require.ErrorIs(t, err, ErrMismatch, text)
		require.ErrorContains(t, err, says)
	}
	plain, err := score.New(4, &score.Config{Net: nn.MLP{Hidden: []int{4}}})
	require.NoError(t, err)
	plain.Metadata = map[string]string{jointMetadata: text}
	_, err = openedJoint(plain)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "one noise level for all columns")
}

// No network is made for the parameters that a file says it has, but for those that it has numbers
// of; and no center lies where no parameter does.
func TestFilesAreLookedAtBeforeNetworksAreMade(t *testing.T) {
	post, err := learned()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "post")
	var k kept
	require.NoError(t, json.Unmarshal([]byte(post.model.Metadata[metadata]), &k))
	whole := post.model.Metadata[metadata]
	defer func() { post.model.Metadata[metadata] = whole }()
	k.Center, k.XShift = make([]float64, 5000), make([]float64, 5000)
	require.NoError(t, write(post.model, metadata, k))
	require.NoError(t, post.SaveFile(path))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = OpenWith(path, nil, nil)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, ErrMismatch)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))

	require.NoError(t, json.Unmarshal([]byte(whole), &k))
	low := 0.0
	k.Low[0], k.Center[0], k.Root, k.Back = &low, 1e18, []float64{1e-3, 0, 0, 1}, []float64{1e3, 0, 0, 1}
	require.NoError(t, write(post.model, metadata, k))
	require.NoError(t, post.SaveFile(path))
	_, err = Open(path, nil)
	require.ErrorIs(t, err, ErrMismatch)
	require.ErrorContains(t, err, "Center of parameter 0 is 1e+18")
}

// Whatever a file says beside its model, it means one thing that answers, or is refused.
func FuzzFilesMeanOneThing(f *testing.F) {
	j, err := together()
	require.NoError(f, err)
	post, err := learned()
	require.NoError(f, err)
	texts := []string{j.model.Metadata[jointMetadata], post.model.Metadata[metadata]}
	for _, text := range texts {
		for at := 0; at <= len(text); at += 1 + len(text)/40 {
			f.Add(text[:at])
			f.Add(text[:at] + "9" + text[at:])
			f.Add(text[:at] + text[min(len(text), at+1):])
			f.Add(text[:at] + "-" + text[min(len(text), at+3):])
		}
		f.Add(text)
		f.Add(strings.Replace(text, "null", "1e308", 1))
		f.Add(strings.ToLower(text))
		f.Add(text[:len(text)-1] + "," + text[1:])
	}
	m, err := score.New(4, levels)
	require.NoError(f, err)
	given, err := score.New(2, &score.Config{Net: nn.MLP{Hidden: []int{4}}, Cond: score.Conditions{Columns: 2}})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		m.Metadata = map[string]string{jointMetadata: text}
		if again, err := openedJoint(m); err == nil {
			require.NoError(t, again.keep())
			require.Equal(t, text, m.Metadata[jointMetadata])
			require.Len(t, again.axes, 2)
		} else {
			require.ErrorIs(t, err, ErrMismatch)
		}
		given.Metadata = map[string]string{metadata: text}
		if again, err := opened(given, nil); err == nil {
			v, err := again.Given(one(0.3, 0.2))
			require.NoError(t, err)
			y, theta := one(0.1, -0.1), one(0, 0)
			again.at.fromWide(theta, y)
			require.False(t, math.IsNaN(again.at.logSlope(theta.RawRowView(0))))
			require.NotNil(t, v)
		} else {
			require.ErrorIs(t, err, ErrMismatch)
		}
	})
}
