package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const output = `goos: linux
cpu: Some Processor 3000
BenchmarkPeak/avx2-2        	   10000	      2223 ns/op	        98.50 GFLOP/s
BenchmarkFitStep/S/workers=2-2 	     100	  2000000 ns/op	        40.0 GFLOP/s	     43378 rows/s	       0 B/op	       0 allocs/op
BenchmarkScore/S/rows=1-2   	   77617	     13181 ns/op	     75869 rows/s	       0 B/op	       0 allocs/op
PASS
`

func TestBenchmarkLinesAreReadAndMediansTaken(t *testing.T) {
	r := newResults()
	r.parse([]byte(output))
	r.parse([]byte("BenchmarkFitStep/S/workers=2-2 100 4000000 ns/op 20.0 GFLOP/s\n"))
	r.parse([]byte("BenchmarkFitStep/S/workers=2-2 100 5000000 ns/op 16.0 GFLOP/s\n"))
	require.Equal(t, "Some Processor 3000", r.cpu)
	require.Equal(t, []string{"Peak/avx2", "FitStep/S/workers=2", "Score/S/rows=1"}, r.names)
	require.Equal(t, 98.5, r.peak())
	require.Equal(t, 250.0, r.median("FitStep/S/workers=2", ""))
	require.Equal(t, 20.0, r.median("FitStep/S/workers=2", "GFLOP/s"))
	require.Equal(t, 75869.0, r.median("Score/S/rows=1", "rows/s"))
	require.Zero(t, r.median("Score/S/rows=1", "GFLOP/s"))
	require.Equal(t, 2, workers("FitStep/S/workers=2"))
	require.Equal(t, 1, workers("Score/S/rows=1"))
	require.False(t, belongs("ScoreBoard", "Score"))
}

func TestImpossibleArgumentsAreRefused(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), nil, nil, "", 0, "1ms", new(peer)), "-rounds 0")
	require.ErrorContains(t, run(t.Context(), nil, nil, "", 1, "1ms", &peer{file: "no such file"}), "-peer no such file")
	require.ErrorContains(t, run(t.Context(), nil, nil, "Score,Board", 1, "1ms", new(peer)), `-groups: there is no "Board", want some of FitStep,FitStepBFloat16,Score,`)
	_, err := (&peer{command: "no-such-program"}).measure(t.Context(), nil, "FitStep")
	require.ErrorContains(t, err, "-peer-command no-such-program")
}

func TestGroupsAreChosenByName(t *testing.T) {
	all, err := chosen("")
	require.NoError(t, err)
	require.Equal(t, units, all)
	some, err := chosen("Attention,Score")
	require.NoError(t, err)
	require.Equal(t, []unit{units[7], units[2]}, some)
}

func TestAPeersFiguresAreCollected(t *testing.T) {
	p := &peer{file: filepath.Join(t.TempDir(), "peer.json")}
	require.NoError(t, os.WriteFile(p.file, []byte(`{"name": "other", "figures": {"FitStep/S/workers=1": 3}}`), 0o644))
	for range 2 {
		require.NoError(t, p.read())
	}
	n, err := p.add([]byte(`{"name": "other", "figures": {"FitStep/S/workers=1": 9, "Score/S/rows=1": 2}}`))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.Equal(t, "other", p.name)
	require.Equal(t, 3.0, median(p.figures["FitStep/S/workers=1"]))
	require.Equal(t, 2.0, median(p.figures["Score/S/rows=1"]))
	_, err = p.add([]byte("text"))
	require.Error(t, err)
}
