package signal_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"

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

// Two channels become their mean, also of a recording that stays on disk.
func ExampleMono() {
	dir, err := os.MkdirTemp("", "signal")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "stereo.wav")
	stereo := &signal.Signal{Rate: 8000, X: mat.NewDense(2, 2, []float64{0.5, -0.5, 0.25, 0.75}), Encoding: signal.Float32}
	if err := signal.WriteFile(path, stereo); err != nil {
		fmt.Println(err)
		return
	}
	s, err := signal.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	mono := signal.Mono(s)
	x := make([]float64, 2)
	fmt.Println(s.Channels(), mono.Channels(), mono.Frames(x, 0), x)
	// Output:
	// 2 1 <nil> [0 0.5]
}

// Samples without a header, as many devices write them, of which one has to know what
// they are; and a WAV file that is not on disk.
func ExampleNewPCM() {
	raw := []byte{0, 0x40, 0, 0xc0} // 0x4000 and −0x4000, of 16 bits, lowest byte first
	r, err := signal.NewPCM(bytes.NewReader(raw), int64(len(raw)), 8000, 1, signal.PCM16)
	if err != nil {
		fmt.Println(err)
		return
	}
	x := make([]float64, 2)
	fmt.Println(r.Len(), r.Frames(x, 0), x)

	var file bytes.Buffer
	if err := signal.Write(&file, &signal.Signal{Rate: 8000, X: mat.NewDense(2, 1, x)}); err != nil {
		fmt.Println(err)
		return
	}
	w, err := signal.NewRecording(bytes.NewReader(file.Bytes()), int64(file.Len()))
	fmt.Println(w.Len(), w.Encoding(), err)
	// Output:
	// 2 <nil> [0.5 -0.5]
	// 2 PCM16 <nil>
}
