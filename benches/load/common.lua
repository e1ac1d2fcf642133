-- Shared code of the scripts of wrk. Each script defines `prepare()`, which reads its files, and `request()`.
local folder = os.getenv("FOLDER")

function read(name)
  local lines = {}
  for line in io.lines(folder .. "/" .. name) do lines[#lines + 1] = line end
  return lines
end

function escaped(text)
  return (text:gsub("\\", "\\\\"):gsub('"', '\\"'):gsub("\n", "\\n"))
end

function post(body, token)
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. (token or os.getenv("TOKEN")),
  }, body)
end

local number = 0
local threads = {}
function setup(thread)
  number = number + 1
  thread:set("seed", number)
  threads[#threads + 1] = thread
end

function init()
  math.randomseed(os.time() * 10 + seed)
  bad = 0
  prepare()
end

-- A response with errors may have status 200. Checking the bodies costs as much CPU as the server, so the bodies are
-- checked once, before the rounds.
if os.getenv("CHECK") then
  function response(status, headers, body)
    if body:find('"errors"', 1, true) or body:find('"error"', 1, true) or body:find(':null}}', 1, true) then bad = bad + 1 end
  end
end

function done()
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + thread:get("bad") end
  print("errors in bodies: " .. sum)
end
