package signal_test

import (
	"bytes"
	"fmt"
	"math"

	"github.com/gradlogp/gradlogp/dataset/signal"
	"gonum.org/v1/gonum/mat"
)

// A tone of 1000 Hz, to a file and back.
func ExampleWrite() {
	tone := &signal.Signal{Rate: 8000, X: mat.NewDense(8000, 1, nil)}
	for i := range tone.Len() {
		tone.X.Set(i, 0, 0.5*math.Sin(2*math.Pi*1000*float64(i)/8000))
	}
	var file bytes.Buffer // signal.WriteFile writes one on disk
	if err := signal.Write(&file, tone); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.Len(), "bytes")
	s, err := signal.Read(&file)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%v, %d frames a second, %.4f\n", s.Encoding, s.Rate, s.X.RawMatrix().Data[:4])
	// Output:
	// 16044 bytes
	// PCM16, 8000 frames a second, [0.0000 0.3535 0.5000 0.3535]
}

// Windows that overlap by half.
func ExampleNewWindows() {
	s := &signal.Signal{Rate: 8000, X: mat.NewDense(7, 1, []float64{0, 1, 2, 3, 4, 5, 6})}
	w, err := signal.NewWindows(s, 4, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float64, 4)
	for i := range w.Len() {
		fmt.Println(w.Row(i, x, nil), x)
	}
	// Output:
	// <nil> [0 1 2 3]
	// <nil> [2 3 4 5]
}

// A recording that stays on disk: training would go on with score.RowsOf(windows).
func ExampleOpen() {
	r, err := signal.Open("testdata/tone.wav")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	windows, err := signal.NewWindows(r, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float64, 4)
	fmt.Println(r.Rate(), r.Channels(), r.Encoding(), windows.Len(), "windows")
	fmt.Printf("%v %.3f\n", windows.Row(1, x, nil), x)
	// Output:
	// 8000 1 PCM16 4 windows
	// <nil> [0.000 -0.354 -0.500 -0.354]
}
