-- What the scripts of wrk share. Each says in `made(line)` what is sent for a line of its file.
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

-- An answer with errors has status 200 as well. Looking at bodies costs as much as the server does, so it is done
-- once, before the rounds.
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
