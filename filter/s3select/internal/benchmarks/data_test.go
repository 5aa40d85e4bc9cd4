//go:build unix

package benchmarks

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// A Row is one line of the data: ten fields, two of them nested, and one row in
// a hundred from Reykjavik (in its first field and in its last, nested one).
type Row struct {
	City    string  `json:"city"`
	ID      int64   `json:"id"`
	Time    string  `json:"time"`
	Method  string  `json:"method"`
	Path    string  `json:"path"`
	Status  int     `json:"status"`
	Latency float64 `json:"latency"`
	User    struct {
		Name  string   `json:"name"`
		Email string   `json:"email"`
		Tags  []string `json:"tags"`
	} `json:"user"`
	Agent string `json:"agent"`
	Geo   struct {
		Lat  float64 `json:"lat"`
		Lon  float64 `json:"lon"`
		Town struct {
			Name string `json:"name"`
			Zip  string `json:"zip"`
		} `json:"town"`
	} `json:"geo"`
}

var cities = []string{"Berlin", "Lisbon", "Osaka", "Nairobi", "Lima", "Toronto", "Perth", "Oslo"}

// megabytes is the size of the file: S3SELECT_MB, 64 if that is not set.
func megabytes() int {
	if n, err := strconv.Atoi(os.Getenv("S3SELECT_MB")); err == nil {
		return n
	}
	return 64
}

var files sync.Map

// file is a generated file, for one processor.
func file(b *testing.B, kind string) (path string, size int64) {
	b.Helper()
	procs := runtime.GOMAXPROCS(1)
	b.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	return write(kind)
}

// write makes the file, once per process.
func write(kind string) (path string, size int64) {
	once, _ := files.LoadOrStore(kind, sync.OnceValue(func() string {
		path := filepath.Join(os.TempDir(), fmt.Sprintf("s3select-bench-%d-%d.%s", os.Getpid(), megabytes(), kind))
		f, err := os.Create(path)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		w := bufio.NewWriterSize(f, 1<<20)
		defer w.Flush()
		if kind == "csv" {
			fmt.Fprintln(w, "city,id,time,method,path,status,latency,name,email,agent,lat,lon,town,zip")
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		for n, id := 0, 0; n < megabytes()<<20; id++ {
			city := cities[rnd.IntN(len(cities))]
			if id%100 == 50 {
				city = "Reykjavik"
			}
			lat, lon := rnd.Float64()*180-90, rnd.Float64()*360-180
			k := 0
			switch kind {
			case "varied":
				// Each member but two is there or not, and one has names of its own.
				maybe := func(format string, a ...any) string {
					if rnd.IntN(4) == 0 {
						return ""
					}
					return fmt.Sprintf(format, a...)
				}
				k, _ = fmt.Fprintf(w, `{"id":%d%s%s%s%s%s,"geo":{"town":{"name":"%s"}}}`+"\n", id,
					maybe(`,"path":"/api/v1/items/%d"`, rnd.IntN(1e6)), maybe(`,"status":%d`, 200+id%5*100), maybe(`,"latency":%.3f`, rnd.Float64()*100),
					maybe(`,"labels":{"key%d":"value%d","other%d":[1,2]}`, rnd.IntN(1e6), id, rnd.IntN(1e6)), maybe(`,"agent":"Mozilla/5.0 (X11; Linux x86_64)"`), city)
			case "csv":
				k, _ = fmt.Fprintf(w, "%s,%d,2026-05-%02dT%02d:%02d:%02dZ,GET,/api/v1/items/%d,%d,%.3f,user%d,user%d@example.com,Mozilla/5.0 (X11; Linux x86_64),%.6f,%.6f,%s,%05d\n",
					city, id, id%28+1, id%24, id%60, id%60, rnd.IntN(1e6), 200+id%5*100, rnd.Float64()*100, id%1000, id%1000, lat, lon, city, rnd.IntN(1e5))
			default:
				k, _ = fmt.Fprintf(w, `{"city":"%s","id":%d,"time":"2026-05-%02dT%02d:%02d:%02dZ","method":"GET","path":"/api/v1/items/%d","status":%d,"latency":%.3f,"user":{"name":"user%d","email":"user%d@example.com","tags":["a","beta","gamma"]},"agent":"Mozilla/5.0 (X11; Linux x86_64)","geo":{"lat":%.6f,"lon":%.6f,"town":{"name":"%s","zip":"%05d"}}}`+"\n",
					city, id, id%28+1, id%24, id%60, id%60, rnd.IntN(1e6), 200+id%5*100, rnd.Float64()*100, id%1000, id%1000, lat, lon, city, rnd.IntN(1e5))
			}
			n += k
		}
		return path
	}))
	path = once.(func() string)()
	s, err := os.Stat(path)
	if err != nil {
		panic(err)
	}
	return path, s.Size()
}

func TestMain(m *testing.M) {
	code := m.Run()
	files.Range(func(_, once any) bool {
		os.Remove(once.(func() string)())
		return true
	})
	os.Exit(code)
}
