package table

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bigCSV is a file of 10 columns: six of real numbers, of 2, 4 and 17 digits, two
// of whole numbers, and two of categories.
func bigCSV(rows int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	cuts := []string{"Fair", "Good", "Very Good", "Premium", "Ideal"}
	b := make([]byte, 0, rows*90)
	b = append(b, "a,b,c,d,e,f,g,h,i,j\n"...)
	for range rows {
		for _, digits := range []int{2, 2, 4, 4, -1, -1} {
			b = strconv.AppendFloat(b, 100*random.NormFloat64(), 'f', digits, 64)
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, random.Int64N(100_000), 10)
		b = append(b, ',')
		b = strconv.AppendInt(b, random.Int64N(50), 10)
		b = append(b, ',')
		b = append(b, cuts[random.IntN(5)]...)
		b = append(b, ',', 'L')
		b = strconv.AppendInt(b, random.Int64N(300), 10)
		b = append(b, '\n')
	}
	return b
}

func BenchmarkRead(b *testing.B) {
	if testing.Short() {
		b.Skip("a million rows")
	}
	file := bigCSV(1_000_000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		t, err := Read(bytes.NewReader(file), nil)
		require.NoError(b, err)
		require.Equal(b, 1_000_000, t.Len())
	}
}

// BenchmarkReadMemory reports the memory at its highest over the size of the file:
// the heap as it is, and what of it is live, for which it is collected all the time.
func BenchmarkReadMemory(b *testing.B) {
	if testing.Short() {
		b.Skip("a million rows")
	}
	file := bigCSV(1_000_000)
	for _, live := range []bool{false, true} {
		name := "heap"
		if live {
			name = "live"
		}
		b.Run(name, func(b *testing.B) {
			var most uint64
			for b.Loop() {
				most = max(most, highest(live, func() {
					t, err := Read(bytes.NewReader(file), nil)
					require.NoError(b, err)
					runtime.KeepAlive(t)
				}))
			}
			b.ReportMetric(float64(most)/float64(len(file)), name+"/file")
		})
	}
}

// highest returns the most bytes that f had on the heap, of samples taken every 5 ms.
func highest(live bool, f func()) (most uint64) {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if live {
					runtime.GC()
				}
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapAlloc-before.HeapAlloc)
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most
}
